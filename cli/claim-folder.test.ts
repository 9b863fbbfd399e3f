import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ownIdentity } from '../foundation/processes.ts';
import { claimFolder } from './claim-folder.ts';

let folder: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'mainstay-claim-'));
});

after(() => rmSync(folder, { recursive: true, force: true }));

test('lets one npm start at a time have a data folder, and says who has it', () => {
  const giveBack = claimFolder(join(folder, 'data'));
  assert.throws(
    () => claimFolder(join(folder, 'data')),
    new RegExp(`^.*Cannot start as it is started already: process ${process.pid}\\. End that one with Ctrl-C`),
  );
  giveBack();
  claimFolder(join(folder, 'data'))();
});

test('takes the folder of one that was killed, and of one whose pid is somebody else’s by now', () => {
  const file = join(folder, 'start.json');
  for (const left of ['', '{"pid":', JSON.stringify({ ...ownIdentity(), startTime: '1' })]) {
    writeFileSync(file, left);
    claimFolder(folder)();
  }
});
