import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { git, inClone } from '../../cli/demo-repository.ts';
import type { Undo } from '../../runner/core/run.ts';
import { undoOf } from '../../runner/core/undo.ts';
import { FIRST_FILES, stackFile } from './estate.ts';
import { createWorkshop, type Workshop } from './workshop.ts';

const ECHO = resolve(import.meta.dirname, '../../engine/plugins/fixtures/echo-plugin.cjs');
const program = FIRST_FILES['infra/index.ts']!;
let shop: Workshop;

before(async () => {
  shop = await createWorkshop({
    ...FIRST_FILES,
    'stacks/Pulumi.plug.yaml': 'config:\n  journey:maps: {}\n',
    'stacks/mainstay.yaml': 'drift: { mode: "off" }\n',
  });
  await shop.sweep();
  const rollout = await shop.rollout(await shop.head());
  assert.equal(rollout.state, 'succeeded', rollout.summary);
});

after(() => shop.close());

/** What is said of a change once its revert was previewed, by stack; and its comment. */
async function judged(branch: string, head: string) {
  await shop.sweep();
  const runs = await shop.until(`the judgement of ${branch}`, async () => {
    const change = await shop.store.changes.get(`estate/${branch}`);
    const found = await shop.store.runs.list({ change: `estate/${branch}` });
    const whole = await Promise.all(found.map(({ id }) => shop.store.runs.get(id)));
    return change?.head === head && whole.length > 0 && whole.every((run) => run?.outcome?.undo) && whole;
  });
  const undo: Record<string, Undo> = {};
  for (const run of runs) undo[run!.stack] = undoOf(run!.outcome);
  const comment = await shop.until('the comment', async () => {
    const text = await git(join(shop.folder, 'estate.git'), 'notes', '--ref', 'mainstay', 'show', head).catch(() => '');
    return Object.values(undo).every(({ answer, text: said }) => answer === 'yes' || text.includes(said)) && text;
  });
  return { undo, comment };
}

test('an update can be undone, and the comment says so from the start', async () => {
  const head = await shop.push('labels', { 'infra/labels.ts': "export const labels = { team: 'shops' };\n" });
  const { undo, comment } = await judged('labels', head);
  assert.deepEqual(undo['journey/dev'], {
    ...{ answer: 'yes', resources: [] },
    text: 'Yes, by putting the old commit back: 2 are changed back.',
  });
  assert.match(comment, /^Can this be undone\? Yes, by putting the old commit back\.$/m);
});

test('a new name under an alias looks harmless, and its revert makes the resource anew', async () => {
  const renamed = program.replace('ConfigMap(name,', 'ConfigMap(`new-$' + '{name}`,');
  const aliased = renamed.replace('{ dependsOn }', '{ dependsOn, aliases: [{ name }] }');
  const { undo, comment } = await judged('renamed', await shop.push('renamed', { 'infra/index.ts': aliased }));
  assert.equal(undo['journey/prod']!.answer, 'loses');
  assert.match(undo['journey/prod']!.text, /^Not without loss: putting the old commit back makes .*one/);
  assert.match(comment, /^- journey\/prod: Not without loss/m);
});

test('what is protected from the start would have to be deleted: no, and how in two steps', async () => {
  const files = { 'infra/index.ts': program.replace('{ dependsOn }', "{ dependsOn, protect: name === 'vault' }") };
  const maps = { one: 'a', two: 'b', vault: 'c' };
  const head = await shop.push('vault', { ...files, 'stacks/Pulumi.dev.yaml': stackFile(maps) });
  const { undo } = await judged('vault', head);
  assert.equal(undo['journey/dev']!.answer, 'no');
  assert.match(
    undo['journey/dev']!.text,
    /would delete vault, which is protected\. In two steps: first a change that takes/,
  );
  assert.deepEqual(
    undo['journey/dev']!.resources.map((urn) => urn.split('::').at(-1)),
    ['vault'],
  );
});

test('a provider that only the change brings would be gone before its resources: no, and how in two steps', async () => {
  const head = await inClone(join(shop.folder, 'estate.git'), async (clone) => {
    await git(clone, 'checkout', '--quiet', '-b', 'plugin');
    mkdirSync(join(clone, 'plugins'));
    const plugin = join(clone, 'plugins/pulumi-resource-echo');
    writeFileSync(plugin, `#!/bin/sh\nexec '${process.execPath}' '${ECHO}' "$@"\n`);
    chmodSync(plugin, 0o755);
    const providers = 'plugins:\n  providers:\n    - name: echo\n      path: plugins\n';
    writeFileSync(join(clone, 'Pulumi.yaml'), `${FIRST_FILES['Pulumi.yaml']}${providers}`);
    const thing =
      "if (pulumi.getStack() === 'plug') new pulumi.CustomResource('echo:index:Thing', 'thing', { value: 'a' });\n";
    writeFileSync(join(clone, 'infra/index.ts'), `${program}${thing}`);
    await git(clone, 'add', '--all');
    await git(clone, 'commit', '--quiet', '--message', 'A plugin');
    await git(clone, 'push', '--quiet', 'origin', 'HEAD:plugin');
    return git(clone, 'rev-parse', 'HEAD');
  });
  const { undo } = await judged('plugin', head);
  assert.deepEqual(undo['journey/plug'], {
    answer: 'no',
    text:
      'No: with the old commit the provider echo would be gone before thing, and nobody could delete it. In two steps: first a change that ' +
      'removes thing and keeps the provider, then the old commit.',
    resources: ['urn:pulumi:plug::journey::echo:index:Thing::thing'],
  });
});

test('a new stack is not undone by a revert alone', async () => {
  const head = await shop.push('stack', { 'stacks/Pulumi.test.yaml': stackFile({ one: 'a' }) });
  const { undo } = await judged('stack', head);
  assert.match(undo['journey/test']!.text, /^No: the old commit has no such stack.* In two steps: destroy the stack/);
});
