import { messageOf, userError } from '../../foundation/errors.ts';
import { parseStackName } from '../plugins/stack-outputs.ts';
import type { StackIdentity } from '../state/backend.ts';

/**
 * A stack's name on a command line: `<stack>`, `organization/<stack>` or `organization/<project>/<stack>`. Throws a user error for
 * anything else, and where no project is known and the name has none.
 */
export function parseStackReference(name: string, project: string | undefined): StackIdentity {
  let identity: StackIdentity;
  try {
    identity = parseStackName(name, project ?? '');
  } catch (cause) {
    throw userError(messageOf(cause), { cause });
  }
  if (identity.project === '') {
    throw userError(
      `Cannot tell which project the stack belongs to as there is no Pulumi.yaml here: ${JSON.stringify(name)}. ` +
        'Name it organization/<project>/<stack>.',
    );
  }
  return identity;
}

/** `organization/<project>/<stack>`. */
export function qualifiedStackName({ project, stack }: StackIdentity): string {
  return `organization/${project}/${stack}`;
}
