import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { git } from '../../cli/demo-repository.ts';
import { identityOf, isAlive, type ManagedProcess, startProcess } from '../../foundation/processes.ts';
import { parseRunnerAddress } from '../../runner/api/client.ts';
import { type ExternalPostgres, startExternalPostgres } from './external-postgres.ts';

/** `mainstay serve` as a person or a service manager runs it. */
const COMMAND = resolve(import.meta.dirname, '../../cli/main.ts');
const WITHIN_MS = 300_000;
const READY = /runner is ready/g;

let folder: string;
let postgres: ExternalPostgres;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mainstay-serve-'));
  await git(folder, 'init', '--quiet', '--bare', '--initial-branch=main', join(folder, 'estate.git'));
  postgres = await startExternalPostgres();
});
after(async () => {
  await postgres?.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Serving {
  readonly process: ManagedProcess;
  said(): string;
  until(what: string, isSo: () => boolean): Promise<void>;
}

async function serve(more: Readonly<Record<string, string>> = {}): Promise<Serving> {
  const env = {
    ...{ ...process.env, DATABASE_URL: postgres.url, MAINSTAY_DATA: join(folder, 'data'), MAINSTAY_PORT: '0' },
    ...{ MAINSTAY_REPOSITORIES: `estate=${join(folder, 'estate.git')}`, MAINSTAY_WORKER: 'serve', ...more },
  };
  const started = await startProcess(process.execPath, [COMMAND, 'serve'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [started.child.stdout!, started.child.stderr!])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  return {
    process: started,
    said: () => text,
    async until(what, isSo) {
      for (const deadline = Date.now() + WITHIN_MS; !isSo(); await delay(30))
        assert.ok(Date.now() < deadline && identityOf(started.identity.pid), `${what}:\n${text}`);
    },
  };
}

const lives = (text: string) => [...text.matchAll(READY)].length;

test('starts the runner again as long as the database is away, and again when it was killed, and ends it when asked', async () => {
  await postgres.stop('SIGINT');
  const { process: started, said, until } = await serve();
  await until('it has tried twice', () => [...said().matchAll(/Cannot reach the database/g)].length >= 2);
  assert.equal(lives(said()), 0);
  await postgres.start();
  await until('the runner is up', () => lives(said()) === 1);
  // Something has to be forgotten by this: the runner ends with 75 then, which database-restarts.test.ts shows.
  await postgres.stop('SIGKILL');
  await postgres.start();
  await until('the runner is up again', () => lives(said()) === 2);
  process.kill(started.identity.pid, 'SIGTERM');
  assert.equal((await started.exited).code, 143, said());
  const again = await serve();
  await again.until('nobody of the same name is there any more', () => lives(again.said()) === 1);
  const { pid } = parseRunnerAddress('runner.json', readFileSync(join(folder, 'data/runner.json'), 'utf8'));
  const runner = identityOf(pid)!;
  await again.process.end({ signal: 'SIGKILL' });
  // Nobody is there who would end it.
  for (const deadline = Date.now() + WITHIN_MS; isAlive(runner); await delay(30)) assert.ok(Date.now() < deadline);
});

test('ends with the runner where that one ends for a mistake', async () => {
  const { process: started, said } = await serve({ MAINSTAY_PORT: 'seven' });
  assert.equal((await started.exited).code, 1);
  assert.equal([...said().matchAll(/MAINSTAY_PORT/g)].length, 1, said());
});
