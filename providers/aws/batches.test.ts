import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Batches } from './batches.ts';

/** A call for many that answers with those of them that are there, and remembers what it was asked for. */
function api(...there: readonly string[]) {
  const asked: (readonly string[])[] = [];
  const many = async (ids: readonly string[]) => {
    asked.push(ids);
    return new Map(ids.filter((id) => there.includes(id)).map((id) => [id, `found ${id}`]));
  };
  return { asked, many };
}

describe('looking up many with one call', () => {
  it('asks once for all that are wanted at the same time, and says of each whether it is there', async () => {
    const { asked, many } = api('a', 'b');
    const batches = new Batches();
    const found = await Promise.all(['a', 'b', 'gone', 'a'].map((id) => batches.look('subnets', id, many)));
    assert.deepEqual(found, ['found a', 'found b', undefined, 'found a']);
    assert.deepEqual(asked, [['a', 'b', 'gone']]);
  });

  it('asks anew for what is wanted later', async () => {
    const { asked, many } = api('a');
    const batches = new Batches();
    await batches.look('subnets', 'a', many);
    await batches.look('subnets', 'a', many);
    assert.deepEqual(asked, [['a'], ['a']]);
  });

  it('keeps kinds apart', async () => {
    const [subnets, tables] = [api('a'), api('b')];
    const batches = new Batches();
    await Promise.all([batches.look('subnets', 'a', subnets.many), batches.look('tables', 'b', tables.many)]);
    assert.deepEqual([subnets.asked, tables.asked], [[['a']], [['b']]]);
  });

  it('puts no more than a hundred into one call', async () => {
    const ids = Array.from({ length: 230 }, (_, index) => `id-${index}`);
    const { asked, many } = api(...ids);
    const batches = new Batches();
    const found = await Promise.all(ids.map((id) => batches.look('subnets', id, many)));
    assert.ok(found.every((one, index) => one === `found id-${index}`));
    assert.deepEqual(
      asked.map(({ length }) => length),
      [100, 100, 30],
    );
  });

  it('tells everybody who waits that the call failed', async () => {
    const batches = new Batches();
    const failing = () => Promise.reject(new Error('denied'));
    const ends = await Promise.allSettled(['a', 'b'].map((id) => batches.look('subnets', id, failing)));
    assert.deepEqual(
      ends.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    const { many } = api('a');
    assert.equal(await batches.look('subnets', 'a', many), 'found a');
  });
});
