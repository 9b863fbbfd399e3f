import type { KnownStack } from '../core/known-stack.ts';

/**
 * Whose outputs each stack read when it last ran, as ids. A program names a stack as `stack`, `project/stack` or
 * `organization/project/stack`.
 */
export function upstreamsOf(stacks: readonly KnownStack[]): ReadonlyMap<string, readonly string[]> {
  return new Map(
    stacks.map(({ id, references }) => [id, references.map((name) => name.split('/').slice(-2).join('/'))]),
  );
}
