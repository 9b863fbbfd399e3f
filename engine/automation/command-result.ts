import commands from '@pulumi/pulumi/automation/cmd.js';
import errors from '@pulumi/pulumi/automation/errors.js';
import { REDACTED, redactor } from '../../foundation/redact.ts';

/** What the SDK keeps to itself in its declarations, and hands to nobody: an error of its classes holds a result of its class. */
interface SdkResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

const { CommandResult } = commands as unknown as {
  readonly CommandResult: new (stdout: string, stderr: string, code: number, cause?: Error) => SdkResult;
};
const { createCommandError } = errors as unknown as { readonly createCommandError: (result: SdkResult) => Error };

/** How a command line ended. */
interface CommandEnd {
  readonly args: readonly string[];
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The code that the SDK gives to every failed command. */
const failedCode = -2;

/**
 * The SDK's result of a command that ended well; throws the SDK's error otherwise, with the text that it makes of an executable's failure
 * (automation/cmd.js): the command, its exit code, what it wrote.
 */
export function commandResultOf({ args, code, stdout, stderr }: CommandEnd): SdkResult {
  const trimmed = { stdout: withoutLastNewline(stdout), stderr: withoutLastNewline(stderr) };
  if (code === 0) return new CommandResult(trimmed.stdout, trimmed.stderr, code);
  const command = redactor.redact(['pulumi', ...withoutSecrets(args)].map(quoted).join(' '));
  const text = [`Command failed with exit code ${code}: ${command}`, trimmed.stderr, trimmed.stdout]
    .filter(Boolean)
    .join('\n');
  throw createCommandError(new CommandResult('', text, failedCode, new Error(text)));
}

/** Flags of `config set` whose value says nothing secret. */
const plainFlags: readonly string[] = ['--stack', '-s', '--cwd', '-C', '--config-file', '--type'];

/** The command line as an error may show it: without values that are to be encrypted, and without passwords in addresses. */
function withoutSecrets(args: readonly string[]): readonly string[] {
  const [group, command] = args;
  const isSet = group === 'config' && command === 'set' && args.some((arg) => /^--secret(=|$)/.test(arg));
  const isSetAll = group === 'config' && command === 'set-all';
  return args.map((arg, index) => {
    const flag = args[index - 1] ?? '';
    // `config`, `set` and the key stand before it.
    if (isSet && index > 2 && !arg.startsWith('-') && !plainFlags.includes(flag)) return REDACTED;
    if (isSet && args.slice(0, index).includes('--')) return REDACTED;
    if (isSetAll && ['--secret', '--json'].includes(flag)) return REDACTED;
    if (isSetAll && /^--(secret|json)=/.test(arg)) return `${arg.slice(0, arg.indexOf('='))}=${REDACTED}`;
    return arg.replace(/(:\/\/[^/:@\s]*:)[^/@\s]+@/, `$1${REDACTED}@`);
  });
}

/** As execa strips it. */
function withoutLastNewline(text: string): string {
  return text.replace(/\r?\n$/, '');
}

function quoted(arg: string): string {
  return /^[\w./-]+$/.test(arg) ? arg : `"${arg.replaceAll('"', '\\"')}"`;
}
