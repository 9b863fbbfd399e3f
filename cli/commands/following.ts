import type { Command } from 'commander';
import { redactor } from '../../foundation/redact.ts';
import { connect } from '../data-folder.ts';
import { eventLine } from '../event-line.ts';
import { saying } from '../options.ts';
import { print } from '../output.ts';

/** What a shell says of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/** `logs`: what happened in a run, and what happens. */
export function addFollowingCommands(program: Command): void {
  saying(program.command('logs'))
    .description(
      'what happened in a run: states, steps, resources, and what the program printed; JSON is one event a line',
    )
    .argument('<run>')
    .option('-f, --follow', 'go on as it happens, until the run has ended')
    .action(async (id: string, { follow = false, json }: { readonly follow?: boolean; readonly json?: boolean }) => {
      const stop = new AbortController();
      const onInterrupt = () => stop.abort();
      process.once('SIGINT', onInterrupt);
      try {
        for await (const event of connect().runEvents(id, { follow, signal: stop.signal }))
          if (json) console.log(redactor.redact(JSON.stringify(event)));
          else print(false, undefined, () => [eventLine(event)]);
      } catch (error) {
        if (!stop.signal.aborted) throw error;
      } finally {
        process.off('SIGINT', onInterrupt);
      }
      if (stop.signal.aborted) process.exitCode = INTERRUPTED;
    });
}
