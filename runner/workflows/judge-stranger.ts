import type { OpenChange, Permission, Proposals } from '../core/forge.ts';

/** Why nothing of a change may run by itself: a fork's head, and what somebody proposes who may not write here, is a stranger's code. */
export async function judgeStranger(
  proposals: Pick<Proposals, 'permissionOf'>,
  { author, fork }: Pick<OpenChange, 'author' | 'fork'>,
): Promise<string | undefined> {
  if (fork) return 'it comes from a fork';
  if (author === '' || !mayWrite(await proposals.permissionOf(author)))
    return `${author || 'its author'} may not write to the repository`;
  return undefined;
}

/** Commands are for those who could push. */
export function mayWrite(permission: Permission): boolean {
  return permission === 'write' || permission === 'admin';
}
