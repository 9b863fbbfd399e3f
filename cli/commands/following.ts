import type { Command } from 'commander';
import { redactor } from '../../foundation/redact.ts';
import { connect } from '../data-folder.ts';
import { eventLine } from '../event-line.ts';
import { print } from '../output.ts';

/** What a stream is silent for when everything that is stored has been told. */
const TOLD_AFTER_MS = 300;

/** `logs`: what happened in a run, and what happens. */
export function addFollowingCommands(program: Command): void {
  program
    .command('logs')
    .description('what happened in a run: states, steps, resources, and what the program printed')
    .argument('<run>')
    .option('-f, --follow', 'go on as it happens, until the run has ended')
    .option('--json', 'print JSON, one event per line')
    .action(async (id: string, { follow, json }: { readonly follow?: boolean; readonly json?: boolean }) => {
      const stop = new AbortController();
      const onInterrupt = () => stop.abort();
      process.once('SIGINT', onInterrupt);
      let silence: NodeJS.Timeout | undefined;
      const waitForMore = () => {
        clearTimeout(silence);
        if (!follow) silence = setTimeout(() => stop.abort(), TOLD_AFTER_MS);
      };
      try {
        waitForMore();
        for await (const event of connect().runEvents(id, { signal: stop.signal })) {
          waitForMore();
          if (json) console.log(redactor.redact(JSON.stringify(event)));
          else print(false, undefined, () => [eventLine(event)]);
        }
      } catch (error) {
        // Who has seen enough is no failure.
        if (!stop.signal.aborted) throw error;
      } finally {
        clearTimeout(silence);
        process.off('SIGINT', onInterrupt);
      }
    });
}
