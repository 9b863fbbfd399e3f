import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { userError } from '../foundation/errors.ts';
import { dataFolder, PACKAGE_FOLDER } from './data-folder.ts';

const run = promisify(execFile);

/** Works at the control desk of a stack's sandbox, on this machine's runner. Returns what it printed. Throws a user error where nothing was hit. */
export async function atSandboxDesk(stack: string, args: readonly string[]): Promise<string> {
  const file = join(dataFolder(), 'pulumi-home', 'sandbox', `organization-${stack.replaceAll('/', '-')}.sqlite`);
  const desk = join(PACKAGE_FOLDER, 'providers', 'sandbox', 'desk.ts');
  try {
    const options = ['--disable-warning=ExperimentalWarning', desk, file, ...args];
    return (await run(process.execPath, options, { maxBuffer: 64 * 2 ** 20 })).stdout.trimEnd();
  } catch (error) {
    const { stderr, stdout } = error as { readonly stderr?: string; readonly stdout?: string };
    const why = stderr?.trim() || stdout?.trim() || String(error);
    throw userError(
      `Cannot change the sandbox of ${stack} as the desk says: ${why}. See \`mainstay sandbox ${stack} list\`.`,
    );
  }
}
