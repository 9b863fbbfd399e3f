import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { parse } from 'yaml';
import { Checkout } from './testing/checkout';

const checkout = new Checkout();
after(() => checkout.remove());

const PATH = 'mainstay:applications.shop.image';

/** The lines that one text has and the other has not. */
function changedLines(before: string, now: string): readonly (readonly [string | undefined, string | undefined])[] {
  const [old, young] = [before.split('\n'), now.split('\n')];
  const all = Array.from(
    { length: Math.max(old.length, young.length) },
    (_, index) => [old[index], young[index]] as const,
  );
  return all.filter(([one, other]) => one !== other);
}

describe("a stack's file that a tool edits", () => {
  for (const stack of ['local', 'dev', 'staging', 'prod']) {
    it(`keeps its comments and its layout: ${stack}`, async () => {
      const file = `stacks/Pulumi.${stack}.yaml`;
      const before = checkout.read(file);
      await checkout.succeeds('stack', 'init', stack);
      await checkout.succeeds('config', 'set', '-s', stack, '--path', PATH, 'registry.example/shop:9.9.9');
      const now = checkout.read(file);
      const changed = changedLines(before, now);
      assert.equal(changed.length, 1, JSON.stringify(changed));
      assert.match(changed[0]![1]!, /^ {6}image: registry\.example\/shop:9\.9\.9$/);
      const { config } = parse(now) as { config: { 'mainstay:applications': { shop: { image: string } } } };
      assert.equal(config['mainstay:applications'].shop.image, 'registry.example/shop:9.9.9');
    });
  }

  it('takes a secret encrypted, at its place', async () => {
    const key = 'mainstay:applications.shop.secrets.TOKEN';
    const before = checkout.read('stacks/Pulumi.prod.yaml');
    await checkout.succeeds('config', 'set', '-s', 'prod', '--path', key, '--secret', 'hunter2');
    const now = checkout.read('stacks/Pulumi.prod.yaml');
    assert.doesNotMatch(now, /hunter2/);
    const added = now.split('\n').filter((line) => !before.split('\n').includes(line));
    assert.equal(added.length, 2, JSON.stringify(added));
    assert.match(added.join('\n'), /^ {8}TOKEN:\n {10}secure: v1:/);
    await checkout.succeeds('preview', '-s', 'prod');
  });
});
