import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { userError } from '../../foundation/errors.ts';
import type { Checkout } from '../core/mirror.ts';
import type { Run, RunKind } from '../core/run.ts';
import { readSettings, type Settings } from '../core/settings.ts';
import { findStacks, type Stack } from '../core/stack.ts';
import { previewSettingsOf, settingsOf, updateAccessOf } from '../core/stack-order.ts';
import type { Engine, StackWork } from '../engines/engine.ts';
import { recordRun } from './record-run.ts';
import { repositoryOf, type Services } from './services.ts';
import { withPolicyPacks } from './with-policy-packs.ts';

/** A stack at a run's commit, ready for an engine. */
export interface OpenStack {
  readonly stack: Stack;
  readonly engine: Engine;
  readonly work: StackWork;
  readonly dependencies: string;
}

/** Which stack at which commit; `id` names the folder. */
export type CheckoutOf = Pick<Run, 'id' | 'repository' | 'stack' | 'commit' | 'change' | 'kind'>;

/** Checks the run's commit out in a folder of its own, does `work` there and removes it. */
export async function withCheckout<T>(
  services: Services,
  {
    run,
    signal,
    silent = false,
  }: {
    readonly run: CheckoutOf;
    readonly signal: AbortSignal;
    /** What happens is no event of the run. */
    readonly silent?: boolean;
  },
  work: (open: OpenStack) => Promise<T>,
): Promise<T> {
  const { stack, engine, access, base } = await stackAt(services, run);
  const checkout = await checkOut(services, run, stack);
  const witness = recordRun(run.id, { runs: services.store.runs, log: services.log });
  try {
    const open = openStack({ run, stack, engine, access, checkout, signal });
    const { repository, kind, commit } = run;
    return await withPolicyPacks(services, { repository, stack: stack.id, kind, commit, base }, (policies) =>
      work({ ...open, work: { ...open.work, policies, ...(!silent && { witness }) } }),
    );
  } finally {
    await witness.close();
    await checkout.remove();
  }
}

/** What a run is carried out by and may use. */
export interface StackAt {
  readonly stack: Stack;
  readonly engine: Engine;
  readonly access: Pick<StackWork, 'access' | 'limits'>;
  /** The commit of the base branch that grants it. */
  readonly base: string;
}

/**
 * Finds the stack of a run in its commit, and the engine that the settings there give it. What it may see and use is what the base
 * branch's settings grant it: a change cannot give itself more.
 */
export async function stackAt(services: Services, run: CheckoutOf): Promise<StackAt> {
  const tree = await repositoryOf(services, run.repository).mirror.tree(run.commit);
  const stack = (await findStacks(tree)).find(({ id }) => id === run.stack);
  if (!stack)
    throw userError(
      `Cannot run ${run.stack} as commit ${run.commit.slice(0, 8)} has no such stack. Add its file back, or destroy the stack.`,
    );
  const settings = await readSettings(tree);
  const base = await grantingCommit(services, run);
  const granting = await readSettings(await repositoryOf(services, run.repository).mirror.tree(base));
  return {
    stack,
    engine: engineOf(services, settingsOf(settings, stack).engine ?? services.defaultEngine),
    access: accessOf(granting, stack, run.kind),
    base,
  };
}

/** The commit of the base branch whose settings count. A run that is of no change is at one of them. */
async function grantingCommit(services: Services, run: CheckoutOf): Promise<string> {
  if (run.change === undefined) return run.commit;
  const change = await services.store.changes.get(run.change);
  if (change?.base === undefined) throw new Error(`no base of the change ${run.change}`);
  return change.base;
}

function accessOf(settings: Settings, stack: Stack, kind: RunKind): StackAt['access'] {
  if (kind !== 'preview') return { access: updateAccessOf(settings, stack) };
  const { time, memory, output, ...access } = previewSettingsOf(settings, stack);
  return { access, limits: { time, memory, output } };
}

export function checkOut(services: Services, run: CheckoutOf, stack: Stack): Promise<Checkout> {
  const folder = join(services.workFolder, `${run.id}-${randomBytes(3).toString('hex')}`);
  return repositoryOf(services, run.repository).mirror.checkout(run.commit, { folder, program: stack.project.main });
}

export function openStack({
  run,
  stack,
  engine,
  access,
  checkout,
  signal,
}: Omit<StackAt, 'base'> & {
  readonly run: CheckoutOf;
  readonly checkout: Checkout;
  readonly signal: AbortSignal;
}): OpenStack {
  const folder = join(checkout.folder, stack.project.folder);
  const work = {
    repository: run.repository,
    stack: stack.id,
    stackName: stack.name,
    folder,
    commit: run.commit,
    signal,
    ...access,
  };
  return { stack, engine, dependencies: checkout.dependencies, work };
}

export function engineOf(services: Services, name: Engine['name']): Engine {
  const engine = services.engines.get(name);
  if (engine) return engine;
  throw userError(
    `Cannot run the stack as its engine is not on this machine: ${name}. Install the pulumi CLI on the runner's PATH, or choose one of ` +
      `${[...services.engines.keys()].join(', ')}.`,
  );
}
