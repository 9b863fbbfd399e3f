import { messageOf } from '../../foundation/errors.ts';

/**
 * The texts by which the Automation API tells failures apart (automation/errors.js of `@pulumi/pulumi`), each as the official CLI prints
 * it. They are the interface: whoever changes one here breaks `StackNotFoundError` and its like; the test beside this file runs the SDK's
 * own classes over them.
 */
export const errorTexts = {
  stackNotFound: (name: string) => `no stack named '${name}' found`,
  stackExists: (qualifiedName: string) => `stack '${qualifiedName}' already exists`,
  locked: (count: number) => `the stack is currently locked by ${count} lock(s)`,
} as const;

/** The line that a failed command ends with. */
export function errorLine(error: unknown): string {
  return `error: ${messageOf(error)}`;
}
