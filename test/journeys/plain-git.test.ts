import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { git, inClone } from '../../cli/demo-repository.ts';
import { FIRST_FILES, stackFile } from './estate.ts';
import { createWorkshop, type Workshop } from './workshop.ts';

/** What pull requests are at a forge, without one. */
let shop: Workshop;
let origin: string;

before(async () => {
  const mainstay = `${FIRST_FILES['stacks/mainstay.yaml']}drift: { mode: off }\n`;
  shop = await createWorkshop({ ...FIRST_FILES, 'stacks/mainstay.yaml': mainstay });
  origin = join(shop.folder, 'estate.git');
  await shop.sweep();
  assert.equal((await shop.rollout(await shop.head())).state, 'succeeded');
});
after(() => shop?.close());

const note = async (commit: string) =>
  inClone(origin, async (clone) => {
    await git(clone, 'fetch', '--quiet', 'origin', '+refs/notes/*:refs/notes/*');
    return git(clone, 'notes', '--ref', 'mainstay', 'show', commit);
  }).catch(() => '');

const previewed = async (branch: string) =>
  shop.until(`the preview of ${branch}`, async () => {
    const runs = await shop.store.runs.list({ change: `estate/${branch}` });
    return runs.length > 0 && runs.every(({ endedAt }) => endedAt !== undefined) && runs;
  });

/** A program that never ends, and says its process. */
const endless = (file: string) =>
  `import { writeFileSync } from 'node:fs';\nimport * as pulumi from '@pulumi/pulumi';\n` +
  `writeFileSync(${JSON.stringify(file)}, String(process.pid));\nsetInterval(() => {}, 1000);\n` +
  `export const labels = { team: pulumi.output(new Promise<string>(() => {})) };\n`;

test('a newer push takes over: the preview that runs is ended with its program', async () => {
  const file = join(shop.folder, 'endless');
  await shop.push('twice', { 'infra/labels.ts': endless(file) });
  await shop.sweep();
  const pid = await shop.until('the program', async () => existsSync(file) && Number(readFileSync(file, 'utf8')));
  const older = await shop.store.runs.list({ change: 'estate/twice' });
  assert.ok(older.length > 0 && older.every(({ endedAt }) => endedAt === undefined));
  const head = await shop.push('twice', { 'infra/labels.ts': FIRST_FILES['infra/labels.ts']!.replace('shop', 'toys') });
  await shop.sweep();
  await shop.until('the newer report', async () => /Changes|replaces/.test(await note(head)));
  for (const { id } of older) assert.equal((await shop.store.runs.get(id))!.state, 'superseded');
  await shop.until('the end of the program', async () => !isAlive(pid));
});

test('a move of the base branch makes those previews again that it concerns, and leaves the others as they are', async () => {
  const changed = FIRST_FILES['infra/index.ts']!.replace('dependsOn });', 'dependsOn });\n// a remark');
  const program = await shop.push('program', { 'infra/index.ts': changed });
  const stack = await shop.push('one-stack', { 'stacks/Pulumi.prod.yaml': stackFile({ one: 'a', three: 'c' }) });
  await shop.sweep();
  const before = { program: await previewed('program'), stack: await previewed('one-stack') };
  await shop.until('both reports', async () => (await note(program)) !== '' && (await note(stack)) !== '');
  const said = shop.said.length;
  const base = await shop.push('main', { 'stacks/Pulumi.dev.yaml': stackFile({ one: 'a', two: 'moved' }) });
  await shop.sweep();
  // The branch of the test before is of both stacks, too.
  const line = `the base branch is at ${base.slice(0, 8)}: 2 open changes are previewed again, 1 previews stay valid`;
  await shop.until('the judgement', async () => shop.said.slice(said).includes(line));
  await shop.until('the new preview', async () => (await shop.store.changes.get('estate/program'))?.base === base);
  const again = await previewed('program');
  assert.equal(again.length, 2 * before.program.length, 'the program is of both stacks, and one of them has moved');
  assert.deepEqual(
    (await previewed('one-stack')).map(({ id }) => id),
    before.stack.map(({ id }) => id),
  );
  assert.match(await note(stack), /journey\/prod/, 'its report is there still');
  assert.equal((await shop.rollout(base)).state, 'succeeded');
  const merged = await shop.merge('one-stack');
  await shop.sweep();
  const rollout = await shop.rollout(merged);
  const [run] = await shop.store.runs.list({ rollout: rollout.id, kind: 'update', stack: 'journey/prod' });
  const steps = await shop.store.runs.steps(run!.id);
  assert.match(steps.find(({ name }) => name === 'preview')!.detail, /as reviewed/);
});

test('says what is wrong with the types beside the previews, and checks the next commit in the same way', async () => {
  const wrong = 'export const labels: { team: string } = { team: 1 };\n';
  const tsconfig = JSON.stringify({
    compilerOptions: { strict: true, types: [], noEmit: true, skipLibCheck: true },
    files: ['labels.ts'],
  });
  const first = await shop.push('types', { 'infra/labels.ts': wrong, 'infra/tsconfig.json': tsconfig });
  await shop.sweep();
  await shop.until('the mistake', async () => (await note(first)).includes('Types: **1 error, infra/labels.ts:1:43**'));
  assert.match(await note(first), /Changes|replaces/, 'the previews went through');
  const types = async () => (await shop.store.changes.get('estate/types'))?.types;
  assert.equal((await types())?.state, 'mistakes');
  const second = await shop.push('types', { 'infra/labels.ts': wrong.replace('1 }', "'shop' }") });
  await shop.sweep();
  const checked = await shop.until('the next check', async () => {
    const change = await shop.store.changes.get('estate/types');
    return change?.head === second && change.types;
  });
  assert.equal(checked.state, 'passed');
  assert.doesNotMatch(await note(second), /Types/);
});

for (const style of ['squash', 'rebase'] as const)
  test(`knows whose a ${style} is by its trees: it goes as it was reviewed`, async () => {
    await shop.push(style, { 'stacks/Pulumi.dev.yaml': stackFile({ one: 'a', two: 'b', [style]: 'x' }) });
    await shop.sweep();
    await previewed(style);
    await shop.push('main', { 'README.md': `main moves before the ${style}\n` });
    const commit = await shop.merge(style, style);
    await shop.sweep();
    const rollout = await shop.rollout(commit);
    assert.deepEqual([rollout.state, rollout.changes], ['succeeded', [`estate/${style}`]]);
    const [run] = await shop.store.runs.list({ rollout: rollout.id, kind: 'update', stack: 'journey/dev' });
    const steps = await shop.store.runs.steps(run!.id);
    assert.match(steps.find(({ name }) => name === 'preview')!.detail, /as reviewed/);
    assert.equal((await shop.store.changes.get(`estate/${style}`))!.state, 'merged');
  });

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
