import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { repeat } from './repeat.ts';

describe('repeat', () => {
  it('begins at once, and goes on after what the work says, never twice at a time', async () => {
    let under = 0;
    let times = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = repeat(async () => {
      assert.equal(under, 0);
      under += 1;
      times += 1;
      await new Promise((done) => setImmediate(done));
      under -= 1;
      if (times === 3) resolve();
      return times < 3 ? 1 : 3_600_000;
    });
    assert.equal(times, 1);
    await promise;
    await stop();
    assert.equal(times, 3);
  });

  it('ends when what is under way has ended, and does not begin again', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let times = 0;
    const stop = repeat(async () => {
      times += 1;
      await promise;
      return 0;
    });
    let stopped = false;
    const ended = stop().then(() => {
      stopped = true;
    });
    await new Promise((done) => setImmediate(done));
    assert.equal(stopped, false);
    resolve();
    await ended;
    await new Promise((done) => setTimeout(done, 20));
    assert.equal(times, 1);
  });
});
