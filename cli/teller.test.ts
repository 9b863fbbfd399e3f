import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createTeller } from './teller.ts';

function stream(isTTY: boolean): { readonly stream: NodeJS.WriteStream; text(): string } {
  let text = '';
  const sink = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      text += chunk;
      done();
    },
  });
  return { stream: Object.assign(sink, { isTTY }) as unknown as NodeJS.WriteStream, text: () => text };
}

const ESCAPE = '\u001b';

async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!holds()) {
    assert.ok(Date.now() < deadline, what);
    await delay(20);
  }
}

test('tells a pipe in lines, and that it is still there while nothing is said', async () => {
  const { stream: pipe, text } = stream(false);
  const teller = createTeller(pipe);
  teller.say('updating dev');
  assert.match(text(), /^ +0\.\d\d s {2}updating dev\n$/);
  await until(() => /s {2}…\n/.test(text()), 'a sign of life');
  assert.ok(!text().includes('\r') && !text().includes(ESCAPE), 'plain lines');
  teller.close();
});

test('runs a clock on a terminal, and takes it back before a line', async () => {
  const { stream: terminal, text } = stream(true);
  const dumb = process.env.TERM;
  process.env.TERM = 'xterm';
  const teller = createTeller(terminal);
  process.env.TERM = dumb ?? '';
  await until(() => text().includes('…'), 'the clock');
  teller.say('updating dev');
  assert.match(text().slice(text().lastIndexOf(`\r${ESCAPE}[2K`)), / \d\.\d\d s {2}updating dev\n$/);
  teller.close();
});

test('takes nothing back on a terminal that cannot', () => {
  const { stream: terminal, text } = stream(true);
  const before = process.env.TERM;
  process.env.TERM = 'dumb';
  const teller = createTeller(terminal);
  process.env.TERM = before ?? '';
  teller.say('updating dev');
  teller.close();
  assert.ok(!text().includes('\r') && !text().includes(ESCAPE), text());
});
