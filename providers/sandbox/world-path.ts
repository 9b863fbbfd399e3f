import { homedir } from 'node:os';
import { join } from 'node:path';

/** Which stack's world. `organization` is `organization` on backends that know none. */
export interface WorldIdentity {
  readonly organization: string;
  readonly project: string;
  readonly stack: string;
}

/**
 * The SQLite file of a stack's sandbox: `MAINSTAY_SANDBOX` where set (stacks that share one cloud are given one file), else
 * `<PULUMI_HOME>/sandbox/<organization>-<project>-<stack>.sqlite`, with PULUMI_HOME defaulting to `~/.pulumi`.
 */
export function worldPath(identity: WorldIdentity, environment: Readonly<Record<string, string | undefined>>): string {
  if (environment.MAINSTAY_SANDBOX) return environment.MAINSTAY_SANDBOX;
  const home = environment.PULUMI_HOME || join(environment.HOME || homedir(), '.pulumi');
  const name = [identity.organization, identity.project, identity.stack].map(fileSafe).join('-');
  return join(home, 'sandbox', `${name}.sqlite`);
}

function fileSafe(text: string): string {
  return text.replace(/[^\w.]/g, '_') || 'organization';
}
