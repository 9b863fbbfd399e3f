import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentReader } from '../../foundation/environment.ts';
import { isMainstayError, messageOf } from '../../foundation/errors.ts';
import type { Colors } from '../display/colors.ts';
import { type DiffedLine, diffLinesOfText } from '../display/line-diff.ts';
import { ensureSecrets, type OpenStack, openStack } from '../operations/open-stack.ts';
import type { RawDeployment } from '../state/backend.ts';
import { decodeDeployment, encodeDeployment } from '../state/checkpoint.ts';
import { editableText, editedDeployment } from '../state/edited-deployment.ts';
import type { Command, CommandContext } from './command.ts';
import { CommandFailure, exitCodes } from './exit-codes.ts';
import { colorsOf } from './operation-display.ts';
import { stackFlag } from './shared-flags.ts';

/**
 * `pulumi state edit`: the deployment in the official form, secrets encrypted, in the user's editor. The stack is not locked meanwhile, as
 * an editor may stay open for an hour: what somebody else writes in between is seen at the end, and not overwritten.
 */
export const stateEdit: Command = {
  name: 'edit',
  aliases: ['update', 'modify'],
  summary: "Edit the current stack's state in your EDITOR",
  flags: [stackFlag],
  async run(context, _args, flags) {
    const { lend } = context.terminal;
    if (!context.interactive || !lend) throw new CommandFailure('pulumi state edit must be run in interactive mode');
    const editor = new EnvironmentReader(context.environment).text('EDITOR');
    if (editor === undefined)
      throw new CommandFailure('no EDITOR environment variable set: set it to the editor to use, such as `nano`');
    const stack = await openStack(context, { name: flags.text('stack') });
    const original = editableText(await stack.backend.exportDeployment(stack.identity));
    const folder = await mkdtemp(join(tmpdir(), 'pulumi-state-edit-'));
    const file = join(folder, 'state.json');
    const openEditor = () => lend.call(context.terminal, editor, file, context);
    const edit: Edit = { context, stack, original, file, openEditor, colors: colorsOf(context, flags) };
    try {
      await writeFile(file, original, { mode: 0o600 });
      await editUntilDecided(edit);
    } catch (error) {
      if (!(error instanceof NotWritten)) await rm(folder, { recursive: true, force: true });
      throw error;
    }
    await rm(folder, { recursive: true, force: true });
    return undefined;
  },
};

interface Edit {
  readonly context: CommandContext;
  readonly stack: OpenStack;
  readonly original: string;
  readonly file: string;
  readonly colors: Colors;
  openEditor(): Promise<number>;
}

/** The work of a person is not thrown away: it stays where it is. */
class NotWritten extends CommandFailure {}

/** Opens the editor, shows what was changed, and asks: until it is accepted or given up. */
async function editUntilDecided(edit: Edit): Promise<void> {
  const { terminal } = edit.context;
  for (;;) {
    const code = await edit.openEditor();
    if (code !== 0) throw new CommandFailure(`the editor ended with exit code ${code}; the state is as it was`);
    const { project, stack } = edit.stack.identity;
    terminal.write(`${edit.colors.heading(`Previewing state edit (organization/${project}/${stack})`)}\n\n`);
    const text = await readFile(edit.file, 'utf8');
    if (text === edit.original) {
      terminal.writeError('warning: provided state was not changed\n');
      return;
    }
    const edited = await valid(edit, text);
    if (edited) terminal.write(shownChange(edit, text));
    const decision = await decide(edit.context, edited !== undefined);
    if (decision === 'accept') {
      await write(edit, edited!);
      return;
    }
    if (decision === 'reset') await writeFile(edit.file, edit.original, { mode: 0o600 });
  }
}

/** undefined: it is not valid, and why was said. */
async function valid({ context, stack }: Edit, text: string): Promise<RawDeployment | undefined> {
  try {
    return await editedDeployment(text, { open: stack.openSecrets, stack: stack.identity.stack });
  } catch (error) {
    if (!isMainstayError(error)) throw error;
    context.terminal.writeError(`error: provided state is not valid: ${messageOf(error)}\n`);
    return undefined;
  }
}

type Decision = 'accept' | 'edit' | 'reset';

async function decide(context: CommandContext, isValid: boolean): Promise<Decision> {
  const question = isValid
    ? 'Do you want to perform this edit? [accept/edit/reset/cancel] '
    : 'Received invalid state. What would you like to do? [edit/reset/cancel] ';
  for (;;) {
    const answer = (await context.terminal.ask(question, context.signal)).trim().toLowerCase();
    if (answer === 'edit' || answer === 'reset' || (answer === 'accept' && isValid)) return answer;
    if (answer === 'cancel')
      throw new CommandFailure('confirmation cancelled, not proceeding with the state edit', exitCodes.cancelled);
  }
}

/** Under the lock, and only on top of what the person saw. */
async function write({ context, stack, original, file }: Edit, edited: RawDeployment): Promise<void> {
  try {
    const encrypted = await withSecretsEncrypted(context, stack, edited);
    const lock = await stack.backend.lock(stack.identity);
    try {
      if (editableText(await stack.backend.exportDeployment(stack.identity)) !== original)
        throw new Error('Cannot write the edited state as the state was changed meanwhile. Edit the new one');
      await stack.backend.importDeployment(stack.identity, encrypted, { force: false });
    } finally {
      await lock.release();
    }
  } catch (error) {
    throw new NotWritten(`${messageOf(error)}\nWhat you have edited is kept in ${file}`);
  }
  context.terminal.write('State edited\n');
}

/** A secret that was written in the clear, `{"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": "..."}`, is encrypted. */
async function withSecretsEncrypted(
  context: CommandContext,
  stack: OpenStack,
  edited: RawDeployment,
): Promise<RawDeployment> {
  if (!JSON.stringify(edited.deployment).includes('"plaintext"')) return edited;
  const snapshot = await decodeDeployment(edited, stack.openSecrets);
  const secretsManager = snapshot.secretsManager ?? (await ensureSecrets(stack, context.environment));
  return encodeDeployment({ ...snapshot, secretsManager });
}

const CONTEXT_LINES = 3;

/** The changed lines, and a few around them. */
function shownChange({ original, colors }: Edit, text: string): string {
  const lines = diffLinesOfText(original, text);
  const changed = new Set<number>();
  for (const [index, { sign }] of lines.entries())
    if (sign !== ' ')
      for (let near = index - CONTEXT_LINES; near <= index + CONTEXT_LINES; near += 1) changed.add(near);
  const shown = lines.flatMap((line, index) => {
    if (changed.has(index)) return [painted(line, colors)];
    return changed.has(index - 1) ? [colors.dim('  ...')] : [];
  });
  return `${shown.join('\n')}\n\n`;
}

function painted({ sign, text }: DiffedLine, colors: Colors): string {
  const line = `${sign} ${text.replace(/("plaintext":).*/, '$1 [secret]')}`;
  if (sign === '+') return colors.create(line);
  return sign === '-' ? colors.remove(line) : line;
}
