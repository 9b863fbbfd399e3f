import assert from 'node:assert/strict';
import { it } from 'node:test';
import { SettledResources } from './settled-resources.ts';

it('takes a component for all that is beneath it', async () => {
  const settled = new SettledResources();
  settled.settle('outer', { parent: '', pending: false });
  settled.settle('inner', { parent: 'outer', pending: false });
  assert.equal(await settled.hasPending(['outer']), false);
  settled.settle('leaf', { parent: 'inner', pending: true });
  assert.equal(await settled.hasPending(['outer']), true);
  assert.equal(await settled.hasPending(['other']), false);
  settled.settle('leaf', { parent: 'inner', pending: false });
  assert.equal(await settled.hasPending(['outer']), false);
});

it('waits for what is being registered beneath a component, and for nothing else', async () => {
  const settled = new SettledResources();
  settled.settle('group', { parent: '', pending: false });
  const registered = Promise.withResolvers<void>();
  const elsewhere = Promise.withResolvers<void>();
  const child = settled.during('group', async () => {
    await registered.promise;
    settled.settle('leaf', { parent: 'group', pending: true });
  });
  const other = settled.during('other', () => elsewhere.promise);
  let answer: boolean | undefined;
  const asked = settled.hasPending(['group']).then((pending) => {
    answer = pending;
  });
  await new Promise(setImmediate);
  assert.equal(answer, undefined);
  registered.resolve();
  await asked;
  assert.equal(answer, true);
  elsewhere.resolve();
  await Promise.all([child, other]);
});
