import { Stack } from '@pulumi/pulumi/automation/index.js';
import { userError } from '../../foundation/errors.ts';
import type { StackWork } from './engine.ts';
import { failureText, isMissingStack } from './engine-failure.ts';
import { type AutomationEngineOptions, openStack, openWorkspace } from './open-stack.ts';

/** The tag of a state that says what it is for. It outlives our database, and an update that was killed. */
const TAG = 'mainstay:for';

/** The names of the project's stacks that have a state. */
export async function stackNames(options: AutomationEngineOptions, work: StackWork): Promise<readonly string[]> {
  const workspace = await openWorkspace(options, work);
  try {
    const stacks = await workspace.listStacks();
    // Qualified names end with the stack's: `organization/project/dev`.
    return stacks.map(({ name }) => name.slice(name.lastIndexOf('/') + 1));
  } catch (error) {
    throw userError(
      `Cannot list the stacks as the engine says: ${failureText(error)}. Correct the address of the state, or log in.`,
      { cause: error },
    );
  }
}

/** Undefined where it has none, or there is no such state. */
export async function markOf(options: AutomationEngineOptions, work: StackWork): Promise<string | undefined> {
  const workspace = await openWorkspace(options, work);
  try {
    const stack = await Stack.select(work.stackName, workspace);
    return (await stack.listTags())[TAG];
  } catch (error) {
    if (isMissingStack(error)) return undefined;
    throw unreadable(work, error);
  }
}

export async function mark(options: AutomationEngineOptions, work: StackWork, text: string): Promise<void> {
  const stack = await openStack(options, work);
  try {
    await stack.setTag(TAG, text);
  } catch (error) {
    throw unreadable(work, error);
  }
}

/** Removes the state of a stack that has no resources any more, and its history. */
export async function removeState(stack: Stack, work: StackWork): Promise<void> {
  try {
    await stack.workspace.removeStack(work.stackName);
  } catch (error) {
    if (isMissingStack(error)) return;
    throw userError(
      `Cannot remove the state of ${work.stack} as the engine says: ${failureText(error)}. Its resources are gone: remove it with \`pulumi stack rm\`, or try again.`,
      { cause: error },
    );
  }
}

function unreadable(work: StackWork, error: unknown): Error {
  return userError(
    `Cannot find out what ${work.stack} is for as the engine says: ${failureText(error)}. Correct the address of the state, or log in.`,
    { cause: error },
  );
}
