import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PulumiCommand } from '@pulumi/pulumi/automation/index.js';
import type { Outcome } from '../core/run.ts';
import type { StackWork } from './engine.ts';
import { Foreseen } from './foreseen.ts';

const work = (stack: string, commit = 'c') => ({ repository: 'r', stack, commit }) as StackWork;
const command = (name: string) => ({ command: name }) as PulumiCommand;
const outcome = (same: number) => ({ counts: { same } }) as unknown as Outcome;

test('gives a command once, for the very commit', () => {
  const foreseen = new Foreseen();
  foreseen.keep(work('a'), command('first'), outcome(1));
  foreseen.keep(work('a'), command('second'), outcome(1));
  assert.equal(foreseen.take(work('a', 'other')), undefined);
  assert.equal(foreseen.take(work('b')), undefined);
  assert.equal(foreseen.take(work('a'))?.command, 'second');
  assert.equal(foreseen.take(work('a')), undefined);
});

test('lets the oldest go before the memory is full', () => {
  const foreseen = new Foreseen();
  for (const stack of ['a', 'b', 'c']) foreseen.keep(work(stack), command(stack), outcome(9000));
  assert.equal(foreseen.take(work('a')), undefined);
  assert.equal(foreseen.take(work('b'))?.command, 'b');
  foreseen.keep(work('a'), command('a'), outcome(9000));
  assert.equal(foreseen.take(work('c'))?.command, 'c', 'what was taken has made room');
});
