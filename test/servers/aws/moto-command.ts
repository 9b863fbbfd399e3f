import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../../foundation/errors.ts';
import { startByHand } from '../by-hand.ts';
import { cacheFolder } from '../cache.ts';
import { StackOnMoto } from './stack-on-moto.ts';

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  up: ['--yes', '--skip-preview'],
  preview: [],
  refresh: ['--yes', '--skip-preview'],
  destroy: ['--yes', '--skip-preview'],
};

const USAGE = `npm run moto -- COMMAND STACK

  Works on a stack of this repository (dev, staging, prod) whose AWS part is made on moto: ${Object.keys(COMMANDS).join(', ')}.
  moto is started where it does not run, and goes on running: npm run servers -- stop aws`;

/** `npm run moto`: the stacks of this repository without an AWS account. */
async function main([command = '', stack = '', ...rest]: readonly string[]): Promise<void> {
  const options = COMMANDS[command];
  const known = existsSync(join(import.meta.dirname, '../../../stacks', `Pulumi.${stack}.yaml`));
  if (!options || !known || rest.length > 0) throw new Error(USAGE);
  const url = await startByHand('aws');
  // What moto holds goes with it: the state that tells of it has to go, too.
  const folder = join(cacheFolder(), 'stacks', new URL(url).port, stack);
  const onOutput = (text: string) => void process.stdout.write(text);
  const pulumi = new StackOnMoto({ stack, url, folder, onOutput });
  try {
    await pulumi.prepare();
    await pulumi.run(command, ...options);
  } finally {
    await pulumi.close();
  }
  if (command === 'up') console.log(`\nLook at it, with any AWS tool:\n  ${lookAt(url)}`);
}

function lookAt(url: string): string {
  return `export AWS_ENDPOINT_URL=${url} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=eu-central-1`;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
