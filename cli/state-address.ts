import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentReader } from '../foundation/environment.ts';
import { messageOf, userError } from '../foundation/errors.ts';
import { dataFolder } from './data-folder.ts';

/** Where the state is that local work is judged by, and who says so. */
export interface StateAddress {
  readonly url: string;
  readonly from: string;
}

/**
 * `PULUMI_BACKEND_URL`, else the state of the runner on this machine, else what `pulumi login` chose. Throws a user error where nobody says.
 */
export function findStateAddress(): StateAddress {
  const read = new EnvironmentReader();
  const given = read.text('PULUMI_BACKEND_URL');
  if (given !== undefined) return { url: given, from: 'PULUMI_BACKEND_URL' };
  const ofRunner = join(dataFolder(), 'state');
  if (existsSync(ofRunner)) return { url: `file://${ofRunner}`, from: 'the runner on this machine' };
  const file = join(read.text('PULUMI_HOME', join(homedir(), '.pulumi')), 'credentials.json');
  const current = existsSync(file) ? currentLogin(file) : undefined;
  if (current !== undefined) return { url: current, from: file };
  throw userError(
    'Cannot preview as nothing says where the state is. Set PULUMI_BACKEND_URL (file:///path or s3://bucket), or log in with `pulumi login`.',
  );
}

function currentLogin(file: string): string | undefined {
  try {
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const current = typeof content === 'object' && content !== null && 'current' in content && content.current;
    return typeof current === 'string' && current !== '' ? current : undefined;
  } catch (error) {
    throw userError(
      `Cannot read the login as the file is not what pulumi writes: ${file}: ${messageOf(error)}. Log in again.`,
    );
  }
}
