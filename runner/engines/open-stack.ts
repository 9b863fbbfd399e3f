import { hostname } from 'node:os';
import { type ConfigMap, LocalWorkspace, type PulumiCommand, Stack } from '@pulumi/pulumi/automation/index.js';
import { isMainstayError, MainstayError, userError } from '../../foundation/errors.ts';
import { redactor } from '../../foundation/redact.ts';
import type { ProcessOwner, RunStore } from '../core/run-store.ts';
import type { TypeMistake } from '../core/type-check.ts';
import type { EngineName, OperationLimits, StackWork } from './engine.ts';
import { failureText, isLocked, isMissingStack, lockedError, lostStateError } from './engine-failure.ts';
import type { Limiter } from './limiter.ts';
import type { ProcessObserver } from './official-command.ts';

export interface AutomationEngineOptions {
  readonly name: EngineName;
  /** Makes the command for one operation; it tells `observer` of every process that it starts. */
  command(observer: ProcessObserver, limits: OperationLimits | undefined): PulumiCommand;
  /** Makes a command whose previews build on each other, where the engine has such. */
  readonly foreseeing?: () => PulumiCommand;
  /** Makes a command whose previews read what its earlier previews of other stacks propose, where the engine has such. */
  readonly proposing?: () => PulumiCommand;
  /** Checks a program's types, where the engine has such a step. */
  readonly checkTypes?: (
    folder: string,
    options: { readonly signal?: AbortSignal; readonly limits?: Pick<OperationLimits, 'memory' | 'output'> },
  ) => Promise<readonly TypeMistake[] | undefined>;
  /** The whole environment of an operation. Throws a user error where its settings name what is not there. */
  environment(work: StackWork): Readonly<Record<string, string>>;
  readonly processes: RunStore['processes'];
  readonly previews: Limiter;
  readonly updates: Limiter;
}

/** The failure's text, or undefined. A stack that somebody else holds and a cancelled operation are no failures of the program: they reject. */
export async function failureOf(operation: () => Promise<unknown>, work: StackWork): Promise<string | undefined> {
  try {
    await operation();
    return undefined;
  } catch (error) {
    if (isMainstayError(error)) throw error;
    if (isLocked(error)) throw lockedError(work.stack, error);
    if (work.signal?.aborted) throw new MainstayError('ignored', `${work.stack} was cancelled`, { cause: error });
    return failureText(error);
  }
}

export async function openWorkspace(options: AutomationEngineOptions, work: StackWork): Promise<LocalWorkspace> {
  return LocalWorkspace.create({
    workDir: work.folder,
    pulumiCommand: options.command(observerOf(options, work), work.limits),
    envVars: { ...options.environment(work) },
  });
}

export async function openStack(options: AutomationEngineOptions, work: StackWork): Promise<Stack> {
  const workspace = await openWorkspace(options, work);
  try {
    return await Stack.createOrSelect(work.stackName, workspace);
  } catch (error) {
    throw cannotOpen(work, error);
  }
}

/** Makes no state: one that was updated before has one, or has lost it. */
export async function openUpdatedStack(options: AutomationEngineOptions, work: StackWork): Promise<Stack> {
  const workspace = await openWorkspace(options, work);
  try {
    return await Stack.select(work.stackName, workspace);
  } catch (error) {
    if (isMissingStack(error)) throw lostStateError(work.stack, error);
    throw cannotOpen(work, error);
  }
}

function cannotOpen(work: StackWork, error: unknown): Error {
  return userError(
    `Cannot open the stack ${work.stack} as the engine says: ${failureText(error)}. Correct it and try again.`,
    { cause: error },
  );
}

/** What a run needs to know of its stack's configuration. */
export interface ReadConfig {
  /** The stack asks for the sandbox, for all packages or for some: not all of the result is real. */
  readonly sandbox: boolean;
  /** Whether the sandbox serves resources of this type, if anything does: components are served by nobody. */
  isSandboxed(type: string): boolean;
}

/** From now on no secret of the stack's configuration shows anywhere. */
export async function readConfig(stack: Stack): Promise<ReadConfig> {
  // A configuration that cannot be read fails the operation itself, which says why.
  const config: ConfigMap = await stack.getAllConfig().catch(() => ({}));
  for (const { secret, value } of Object.values(config))
    if (secret && value) for (const text of secretTexts(value)) redactor.add(text);
  return sandboxOf(config['mainstay:sandbox']?.value.trim() ?? '');
}

/** `true`, or packages as a list in JSON or with commas; an engine refuses anything else. */
export function sandboxOf(setting: string): ReadConfig {
  if (['', 'false', '[]'].includes(setting)) return { sandbox: false, isSandboxed: () => false };
  const packages = setting.split(/[^a-z0-9-]+/).filter((name) => name !== '');
  const isOne = (name: string) => setting === 'true' || packages.includes(name);
  return { sandbox: true, isSandboxed: (type) => !type.startsWith('pulumi:') && isOne(type.split(':')[0] ?? '') };
}

/** A structured secret is secret in each of its texts. */
function secretTexts(value: string): readonly string[] {
  if (!/^[[{]/.test(value)) return [value];
  try {
    const leaves: string[] = [];
    JSON.parse(value, (_key, item: unknown) => {
      if (typeof item === 'string') leaves.push(item);
      return item;
    });
    return [value, ...leaves];
  } catch {
    return [value];
  }
}

export async function outputsOf(stack: Stack): Promise<Readonly<Record<string, unknown>>> {
  const outputs = Object.entries(await stack.outputs());
  for (const [, { value, secret }] of outputs) if (secret && typeof value === 'string') redactor.add(value);
  return Object.fromEntries(outputs.map(([name, { value, secret }]) => [name, secret ? '[secret]' : value]));
}

export function ownerOf({ repository, stack }: StackWork): ProcessOwner {
  return { repository, stack, host: hostname() };
}

function observerOf({ processes }: AutomationEngineOptions, work: StackWork): ProcessObserver {
  const owner = ownerOf(work);
  return {
    started: (identity) => processes.add(owner, identity),
    ended: (identity) => processes.remove(owner, identity),
  };
}
