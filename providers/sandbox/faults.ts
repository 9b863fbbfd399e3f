import { setTimeout as sleep } from 'node:timers/promises';
import { userError } from '../../foundation/errors.ts';
import { ProviderError } from '../../protocol/provider.ts';
import { readStackSetting } from './stack-setting.ts';
import { matches, type SandboxFault, type Verb, type World } from './world.ts';

const KINDS: readonly SandboxFault['kind'][] = ['fail', 'throttle', 'lag', 'drift', 'vanish'];
const CHANGING: readonly Verb[] = ['create', 'update', 'delete'];

export interface FaultTarget {
  readonly urn: string;
  readonly type: string;
  readonly verb: Verb;
}

/**
 * Makes happen what was asked to go wrong for one call: waits (`lag`), throws (`fail`, `throttle`), or changes the world before
 * a read (`drift`, `vanish`).
 */
export async function applyFaults(
  world: World,
  settings: readonly SandboxFault[],
  target: FaultTarget,
  signal?: AbortSignal,
): Promise<void> {
  for (const fault of [...settings, ...world.faults()]) {
    const offstage = fault.kind === 'drift' || fault.kind === 'vanish';
    const verbs = fault.on ?? (offstage ? ['read'] : CHANGING);
    if (!verbs.includes(target.verb) || !matches(fault.match, target)) continue;
    if (!world.takeFault(fault, fault.times ?? (offstage ? 1 : Number.MAX_SAFE_INTEGER))) continue;
    if (fault.kind === 'drift') world.drift(target.urn, fault.path ?? '', fault.value ?? null);
    if (fault.kind === 'vanish') world.vanish(target.urn);
    if (fault.kind === 'lag') await sleep(fault.milliseconds ?? 1000, undefined, { signal });
    if (fault.kind === 'throttle')
      throw new ProviderError('sandbox: ThrottlingException: Rate exceeded, try again later');
    if (fault.kind === 'fail') throw new ProviderError(`sandbox: ${fault.message ?? 'InternalFailure: told to fail'}`);
  }
}

/**
 * The faults of a stack's own settings: `mainstay:sandboxFaults` in its `Pulumi.<stack>.yaml`. Read from the file as a provider
 * is only told its own package's configuration. No file or no such key: none.
 */
export function readStackFaults(rootDirectory: string, stack: string): readonly SandboxFault[] {
  const { value, file } = readStackSetting({ rootDirectory, stack, key: 'mainstay:sandboxFaults' });
  return parseFaults(value, file);
}

function parseFaults(value: unknown, file: string): readonly SandboxFault[] {
  if (value === undefined) return [];
  const wrong = Array.isArray(value) ? value.find((fault) => !isFault(fault)) : value;
  if (Array.isArray(value) && wrong === undefined) return value as SandboxFault[];
  throw userError(
    `Cannot use mainstay:sandboxFaults as this is not a fault: ${JSON.stringify(wrong)}. ` +
      `Give a list of {kind: ${KINDS.join(' | ')}, match: pattern, ...}.`,
    { place: { file } },
  );
}

function isFault(value: unknown): value is SandboxFault {
  if (typeof value !== 'object' || value === null) return false;
  const fault = value as Partial<SandboxFault>;
  return KINDS.includes(fault.kind as SandboxFault['kind']) && typeof fault.match === 'string';
}
