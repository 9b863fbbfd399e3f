import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { userError } from '../../foundation/errors.ts';
import type { Run } from '../core/run.ts';
import { readSettings } from '../core/settings.ts';
import { findStacks, type Stack } from '../core/stack.ts';
import { settingsOf } from '../core/stack-order.ts';
import type { Engine, StackWork } from '../engines/engine.ts';
import { repositoryOf, type Services } from './services.ts';

/** A stack at a run's commit, ready for an engine. */
export interface OpenStack {
  readonly stack: Stack;
  readonly engine: Engine;
  readonly work: StackWork;
  readonly dependencies: string;
}

/** Checks the run's commit out in a folder of its own, does `work` there and removes it. */
export async function withCheckout<T>(
  services: Services,
  { run, signal }: { readonly run: Run; readonly signal: AbortSignal },
  work: (open: OpenStack) => Promise<T>,
): Promise<T> {
  const { mirror } = repositoryOf(services, run.repository);
  const tree = await mirror.tree(run.commit);
  const stack = (await findStacks(tree)).find(({ id }) => id === run.stack);
  if (!stack)
    throw userError(
      `Cannot run ${run.stack} as commit ${run.commit.slice(0, 8)} has no such stack. Add its file back, or destroy the stack.`,
    );
  const engine = engineOf(services, settingsOf(await readSettings(tree), stack).engine ?? services.defaultEngine);
  const folder = join(services.workFolder, `${run.id}-${randomBytes(3).toString('hex')}`);
  const checkout = await mirror.checkout(run.commit, { folder, program: stack.project.main });
  try {
    return await work({
      stack,
      engine,
      dependencies: checkout.dependencies,
      work: {
        repository: run.repository,
        stack: stack.id,
        stackName: stack.name,
        folder: join(folder, stack.project.folder),
        signal,
      },
    });
  } finally {
    await checkout.remove();
  }
}

function engineOf(services: Services, name: Engine['name']): Engine {
  const engine = services.engines.get(name);
  if (engine) return engine;
  throw userError(
    `Cannot run the stack as its engine is not on this machine: ${name}. Install the pulumi CLI on the runner's PATH, or choose one of ` +
      `${[...services.engines.keys()].join(', ')}.`,
  );
}
