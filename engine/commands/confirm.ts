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

/** Asks a question that `yes` answers. Does nothing with `--yes`. Throws where nobody can be asked, and for any other answer. */
export async function confirmChange(context: CommandContext, flags: Flags, question: string): Promise<void> {
  if (flags.boolean('yes')) return;
  if (!context.interactive)
    throw new CommandFailure(
      '--yes must be passed in to proceed when running in non-interactive mode',
      exitCodes.configuration,
    );
  const answer = await context.terminal.ask(`${question} [yes/no] `, context.signal);
  if (!['y', 'yes'].includes(answer.trim().toLowerCase()))
    throw new CommandFailure('confirmation declined', exitCodes.cancelled);
}
