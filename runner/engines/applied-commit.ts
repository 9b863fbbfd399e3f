import { Stack } from '@pulumi/pulumi/automation/index.js';
import { userError } from '../../foundation/errors.ts';
import type { StackWork } from './engine.ts';
import { failureText, isMissingStack } from './engine-failure.ts';
import { type AutomationEngineOptions, openWorkspace } from './open-stack.ts';

/** What the history of a state says of an update of ours. */
const MESSAGE = /^mainstay (?:correction of )?([0-9a-f]{40})$/;

/** What happened to a stack without changing what it is at. */
const WITHOUT_CONSEQUENCE: readonly string[] = ['refresh', 'preview'];

/** How many entries of the history are looked at. */
const ENTRIES = 20;

/** The commit is kept with the state: in the message of each update, in every backend and by either engine. */
export function messageFor({ commit }: StackWork, isCorrection: boolean): string | undefined {
  return commit === undefined ? undefined : `mainstay ${isCorrection ? 'correction of ' : ''}${commit}`;
}

export async function appliedCommit(options: AutomationEngineOptions, work: StackWork): Promise<string | undefined> {
  const workspace = await openWorkspace(options, work);
  let stack: Stack;
  try {
    stack = await Stack.select(work.stackName, workspace);
  } catch (error) {
    if (isMissingStack(error)) return undefined;
    throw unreadable(work, error);
  }
  try {
    const [last] = (await stack.history(ENTRIES, 1)).filter(({ kind }) => !WITHOUT_CONSEQUENCE.includes(kind));
    return last?.kind === 'update' && last.result === 'succeeded' ? MESSAGE.exec(last.message)?.[1] : undefined;
  } catch (error) {
    throw unreadable(work, error);
  }
}

function unreadable(work: StackWork, error: unknown): Error {
  return userError(
    `Cannot find out which commit ${work.stack} is at as the engine says: ${failureText(error)}. ` +
      'Correct the address of the state, or restore it (docs/disaster-recovery.md).',
    { cause: error },
  );
}
