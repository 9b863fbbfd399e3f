import { existsSync } from 'node:fs';
import { messageOf } from '../../foundation/errors.ts';
import { ensureMoto, isMotoInstalled, MOTO_VERSION } from './aws.ts';
import { ensureBuilt, executablePath, goVersion } from './build.ts';
import { keepServer, runningServer, startByHand, stopByHand } from './by-hand.ts';
import { cacheFolder } from './cache.ts';
import { SERVER_BUILDS, serverBuild } from './catalogue.ts';
import { SERVERS_BY_HAND } from './start.ts';

const USAGE = `npm run servers [-- COMMAND]

  (none)        builds what is missing and lists all servers
  build [NAME]  builds what is missing: ${[...SERVER_BUILDS.map(({ name }) => name), 'aws'].join(', ')}
  list          lists all servers, what is built and what runs
  start NAME    starts one: ${Object.keys(SERVERS_BY_HAND).join(', ')}; prints a kubeconfig path or an address
  stop NAME     ends it`;

/** `npm run servers`: the real servers that tests run against, built from Go modules into a cache outside the repository. */
async function main([command = 'all', ...names]: readonly string[]): Promise<void> {
  if (command === 'all') {
    await build([]);
    await list();
  } else if (command === 'build') await build(names);
  else if (command === 'list') await list();
  else if (command === 'start' && names.length === 1) console.log(await startByHand(names[0]!));
  else if (command === 'stop' && names.length === 1)
    console.log((await stopByHand(names[0]!)) ? `${names[0]} ended` : `${names[0]} was not running`);
  else if (command === 'keep' && names.length === 1) await keepServer(names[0]!);
  else throw new Error(USAGE);
}

async function build(names: readonly string[]): Promise<void> {
  const progress = (message: string) => console.error(message);
  const builds = names.length === 0 ? SERVER_BUILDS : names.filter((name) => name !== 'aws').map(serverBuild);
  // One after the other: each compiles on all cores by itself.
  for (const wanted of builds) await ensureBuilt(wanted, progress);
  if (names.length === 0 || names.includes('aws')) await ensureMoto(progress);
}

async function list(): Promise<void> {
  console.log(`${await goVersion()}, cache ${cacheFolder()}`);
  for (const entry of SERVER_BUILDS) {
    const path = await executablePath(entry);
    const state = existsSync(path) ? path : 'not built';
    console.log(`  ${entry.name.padEnd(11)} ${entry.version.padEnd(9)} ${state}${await runningText(entry.name)}`);
  }
  const state = isMotoInstalled() ? 'installed' : 'not installed';
  console.log(`  ${'aws'.padEnd(11)} ${MOTO_VERSION.padEnd(9)} moto, ${state}${await runningText('aws')}`);
}

async function runningText(name: string): Promise<string> {
  const running = await runningServer(name);
  return running ? `\n              runs: ${running.show}` : '';
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
