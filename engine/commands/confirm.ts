import type { CommandContext } from './command.ts';
import { CommandFailure, exitCodes } from './exit-codes.ts';
import type { Flags } from './flags.ts';

/**
 * Asks for the word that stands for the thing at stake. Does nothing with `--yes`. Throws where nobody can be asked, and where the answer
 * is another one.
 */
export async function confirmByName(
  context: CommandContext,
  flags: Flags,
  question: { readonly warning: string; readonly name: string },
): Promise<void> {
  if (flags.boolean('yes')) return;
  if (!context.interactive)
    throw new CommandFailure(
      '--yes must be passed in to proceed when running in non-interactive mode',
      exitCodes.configuration,
    );
  context.terminal.write(`${question.warning}\n`);
  const answer = await context.terminal.ask(
    `Please confirm that this is what you'd like to do by typing \`${question.name}\`: `,
    context.signal,
  );
  if (answer.trim() !== question.name) throw new CommandFailure('confirmation declined', exitCodes.cancelled);
}
