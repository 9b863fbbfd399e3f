import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { CommandEngine } from './command-engine.ts';
import { compareEngines, YardstickBroken } from './compare-engines.ts';
import { EmbeddedEngine } from './embedded-engine.ts';
import { findOfficial } from './find-official.ts';
import { scenario } from './scenario.ts';

const official = findOfficial();

/** A few scenarios at every run of the tests; `node test/differential/main.ts 1000` runs many. */
describe('this engine and the official one', { skip: official === undefined && 'no official pulumi on PATH' }, () => {
  const yardstick = new CommandEngine('official', official!);
  const ours = new EmbeddedEngine();

  before(async () => {
    await yardstick.start();
    await ours.start();
  });

  after(async () => {
    await yardstick.close();
    await ours.close();
  });

  it('take the same steps to the same state, alone and in turns', { timeout: 300_000 }, async () => {
    for (const one of fc.sample(scenario, { numRuns: 4 })) {
      const difference = await compareEngines(one, yardstick, ours).catch((error: unknown) => {
        if (!(error instanceof YardstickBroken)) throw error;
      });
      assert.equal(difference, undefined, JSON.stringify({ difference, scenario: one }));
    }
  });
});
