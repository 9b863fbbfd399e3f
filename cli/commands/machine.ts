import type { Command } from 'commander';
import { isMainstayError } from '../../foundation/errors.ts';
import type { Finding } from '../../runner/local/check-machine.ts';
import { completionScript } from '../completion.ts';
import { connect, dataFolder } from '../data-folder.ts';
import { print } from '../output.ts';

/** Commands about this machine. */
export function addMachineCommands(program: Command): void {
  program
    .command('doctor')
    .description('what a runner needs of this machine, and whether it is there; exits with 1 if something is missing')
    .option('--json', 'print JSON')
    .action(async ({ json }: { readonly json?: boolean }) => {
      const { checkMachine } = await import('../../runner/local/check-machine.ts');
      const machine = await checkMachine({ environment: process.env, dataFolder: dataFolder() });
      const findings = [...machine, await runner()];
      print(json, findings, () => findings.map(findingLine));
      if (findings.some(({ state }) => state === 'missing')) process.exitCode = 1;
    });
  program
    .command('completion')
    .description('print a script that completes this command')
    .argument('<shell>', 'bash, zsh or fish')
    .action((shell: string) => console.log(completionScript(program, shell)));
}

const WORDS: Readonly<Record<Finding['state'], string>> = { good: 'ok     ', limited: 'limited', missing: 'missing' };

function findingLine({ what, state, text }: Finding): string {
  return `${WORDS[state]}  ${what.padEnd(12)} ${text}`;
}

/** A runner that answers is looked at; that none does is no fault of the machine. */
async function runner(): Promise<Finding> {
  const what = 'runner';
  try {
    const { repositories, aligned } = await connect().status();
    const text = `answers; ${repositories.map(({ id }) => id).join(', ')}; ${aligned ? 'all stacks aligned' : 'not all stacks aligned: see `mainstay status`'}`;
    return { what, state: 'good', text };
  } catch (error) {
    if (!isMainstayError(error)) throw error;
    return { what, state: 'limited', text: error.message };
  }
}
