import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import examples from '@octokit/webhooks-examples/api.github.com/index.json' with { type: 'json' };
import { git, inClone } from '../../cli/demo-repository.ts';
import { createGitHubForge } from '../../runner/forges/github/forge.ts';
import { githubWebhooks } from '../../runner/forges/github/parse.ts';
import { startGitHubWire } from '../../runner/forges/wire/hub-wire.ts';
import type { WireForge } from '../../runner/forges/wire/wire-forge.ts';
import { tellDue } from '../../runner/workflows/report-rollout.ts';
import { FIRST_FILES, stackFile } from './estate.ts';
import { createWorkshop, type Workshop } from './workshop.ts';

/** A life of a repository on GitHub: its API is at the wire, Git and everything else is real. Each test goes on where the one before ended. */
let shop: Workshop;
let wire: WireForge;
let origin: string;

before(async () => {
  wire = await startGitHubWire();
  wire.state.permissions.set('ada', 'write');
  const forge = createGitHubForge({ url: wire.url, repository: 'o/r', base: 'main', token: 'a-secret-token' });
  const mainstay = `${FIRST_FILES['stacks/mainstay.yaml']}drift: { mode: off }\n`;
  shop = await createWorkshop({ ...FIRST_FILES, 'stacks/mainstay.yaml': mainstay }, { forge });
  origin = join(shop.folder, 'estate.git');
  await shop.sweep();
  assert.equal((await shop.rollout(await shop.head())).state, 'succeeded');
});
after(async () => {
  await shop?.close();
  await wire.close();
  wire.verify();
});

const ours = (number: number, marker: string) =>
  wire.state.notes.filter(
    ({ on, author, text }) => on === number && author === wire.state.self && text.includes(marker),
  );
const report = (number: number) => ours(number, 'mainstay:change')[0]?.text ?? '';
const statusesOf = (commit: string, context: string) =>
  wire.state.statuses.filter((each) => each.commit === commit && each.context === context).map(({ state }) => state);

/** Pushes to the branch of a pull request, as GitHub keeps it: opened at first. Returns its number. */
async function propose(
  branch: string,
  files: Readonly<Record<string, string>>,
): Promise<{ number: number; head: string }> {
  const head = await shop.push(branch, files);
  const known = wire.state.pulls.find((pull) => pull.branch === branch);
  const pull = known ?? wire.state.propose({ branch, head });
  pull.head = head;
  await git(origin, 'update-ref', `refs/pull/${pull.number}/head`, head);
  await shop.sweep();
  return { number: pull.number, head };
}

/** A delivery tells of it; the sweep finds it too. */
async function say(number: number, text: string, author = 'ada') {
  const note = wire.state.say(number, author, text);
  const event = { id: `estate/comment/${number}/${note.id}`, repository: 'estate', kind: 'comment-made' as const };
  await shop.worker.receive({ ...event, change: String(number), comment: String(note.id), author, text });
  return note;
}

test('previews a pull request with a status per stack, pending and then final, and one comment', async () => {
  const { number, head } = await propose('maps', { 'stacks/Pulumi.dev.yaml': stackFile({ one: 'a', two: 'c' }) });
  await shop.until('the verdict', async () => statusesOf(head, 'mainstay').at(-1) === 'success');
  assert.deepEqual(statusesOf(head, 'mainstay/journey/dev'), ['pending', 'success']);
  assert.deepEqual(statusesOf(head, 'mainstay/journey/prod'), []);
  assert.equal(ours(number, 'mainstay:change').length, 1);
  assert.match(report(number), /replaces resources in journey\/dev/);
});

/** A program that never ends, and says its process. */
const endless = (file: string) =>
  `import { writeFileSync } from 'node:fs';\nimport * as pulumi from '@pulumi/pulumi';\n` +
  `writeFileSync(${JSON.stringify(file)}, String(process.pid));\nsetInterval(() => {}, 1000);\n` +
  `export const labels = { team: pulumi.output(new Promise<string>(() => {})) };\n`;

test('a newer push takes over: the preview that runs is ended with its program, and its comment is the newer one', async () => {
  const file = join(shop.folder, 'endless');
  const { number, head } = await propose('pushed-twice', { 'infra/labels.ts': endless(file) });
  const pid = await shop.until('the program', async () => existsSync(file) && Number(readFileSync(file, 'utf8')));
  const change = `estate/${number}`;
  const runs = await shop.store.runs.list({ change });
  assert.ok(runs.length > 0 && runs.every(({ state }) => state === 'running' || state === 'queued'));
  const next = await propose('pushed-twice', {
    'infra/labels.ts': FIRST_FILES['infra/labels.ts']!.replace('shop', 'toys'),
  });
  await shop.until('the newer verdict', async () => statusesOf(next.head, 'mainstay').at(-1) === 'success');
  for (const { id } of runs) assert.equal((await shop.store.runs.get(id))!.state, 'superseded');
  await shop.until('the end of the program', async () => !isAlive(pid));
  assert.match(report(number), new RegExp(`Commit ${next.head.slice(0, 8)}`));
  assert.deepEqual(statusesOf(head, 'mainstay'), ['pending'], 'the older head is not said to be fine');
});

test('a preview that is tried again says so in the comment and the statuses, and then what came of it', async () => {
  const flag = join(shop.folder, 'fixed');
  const broken = `import { existsSync } from 'node:fs';\nif (!existsSync(${JSON.stringify(flag)})) throw new Error('not yet');\nexport const labels = { team: 'late' };\n`;
  const { number, head } = await propose('broken', { 'infra/labels.ts': broken });
  await shop.until('the failure', async () => statusesOf(head, 'mainstay').at(-1) === 'failure');
  assert.match(report(number), /failed[\s\S]*not yet/);
  await inClone(origin, async (clone) => git(clone, 'init', '--quiet', flag));
  // No delivery tells of it, as if we had been away: the sweep finds it, once.
  const note = wire.state.say(number, 'ada', '/retry');
  for (let look = 0; look < 2; look += 1) await shop.sweep();
  await shop.until('the verdict', async () => statusesOf(head, 'mainstay').at(-1) === 'success');
  assert.deepEqual(note.reactions, ['+1']);
  const runs = await shop.store.runs.list({ change: `estate/${number}`, kind: 'preview' });
  assert.deepEqual(new Set(runs.map(({ attempt }) => attempt)), new Set([2]), 'it is tried again once');
  await shop.until('the comment', async () => /Changes journey\/dev/.test(report(number)));
  assert.doesNotMatch(report(number), /not yet/);
  assert.equal(ours(number, 'mainstay:change').length, 1);
  for (const stack of ['dev', 'prod'])
    assert.deepEqual(statusesOf(head, `mainstay/journey/${stack}`).at(-1), 'success');
  assert.ok(statusesOf(head, 'mainstay').slice(0, -1).includes('failure'));
});

test("obeys who may write and reacts; a stranger gets an emoji, and a stranger's change waits for its commit to be named", async () => {
  wire.state.permissions.set('mallory', 'read');
  const head = await shop.push('fork', { 'stacks/Pulumi.dev.yaml': stackFile({ one: 'evil', two: 'b' }) });
  const { number } = wire.state.propose({ branch: 'fork', head, author: 'mallory', fork: true });
  await git(origin, 'update-ref', `refs/pull/${number}/head`, head);
  await git(origin, 'update-ref', '-d', 'refs/heads/fork');
  await shop.sweep();
  await shop.until('that it waits', async () => /waits for a maintainer as it comes from a fork/.test(report(number)));
  const answers = () => ours(number, 'mainstay:answer');
  const refused = await say(number, `/preview ${head.slice(0, 8)}`, 'mallory');
  await shop.until('the refusal', async () => refused.reactions.includes('confused'));
  assert.equal(answers().length, 0, 'a stranger cannot make us write');
  const unnamed = await say(number, '/preview');
  await shop.until('the answer', async () => /without its commit/.test(answers()[0]?.text ?? ''));
  assert.deepEqual(unnamed.reactions, ['confused']);
  assert.deepEqual(await shop.store.runs.list({ change: `estate/${number}` }), []);
  const named = await say(number, `/preview ${head.slice(0, 8)}`);
  await shop.until('the preview', async () => statusesOf(head, 'mainstay').at(-1) === 'success');
  assert.deepEqual(named.reactions, ['+1']);
  for (const [command, expected] of [
    ['/help', /`\/unlock`/],
    ['/cancel', /no preview of this change is running/],
    ['/approve', /Cannot approve anything as nothing waits for it/],
    ['/reject not before the audit', /Cannot reject anything as nothing waits for it/],
    ['/unlock', /nothing was left/],
  ] as const) {
    await say(number, command);
    await shop.until(`the answer to ${command}`, async () => expected.test(answers()[0]!.text));
  }
  assert.equal(answers().length, 1, 'one comment for all answers');
  const trail = await shop.store.audit.list({ subject: 'journey/dev' });
  const unlocked = trail.find(({ kind }) => kind === 'unlock');
  assert.deepEqual([unlocked?.text, unlocked?.via], ['nothing was left', 'comment']);
  assert.ok(unlocked?.by !== 'mainstay', 'it is who said so');
});

test('answers for the commit of a merge queue, as GitHub asks', async () => {
  const pull = wire.state.pulls.find(({ branch }) => branch === 'maps')!;
  const base = await shop.head();
  const branch = `gh-readonly-queue/main/pr-${pull.number}-${base}`;
  const head = await inClone(origin, async (clone) => {
    await git(clone, 'merge', '--quiet', '--no-ff', '--message', 'queued', 'origin/maps');
    await git(clone, 'push', '--quiet', 'origin', `HEAD:refs/heads/${branch}`);
    return git(clone, 'rev-parse', 'HEAD');
  });
  const recorded = examples.find(({ name }) => name === 'merge_group')!.examples[0] as { merge_group: object };
  const group = { ...recorded.merge_group, head_sha: head, base_sha: base, head_ref: `refs/heads/${branch}` };
  const notice = githubWebhooks.parse('merge_group', { ...recorded, merge_group: group });
  assert.equal(notice.kind, 'queue');
  if (notice.kind !== 'queue') return;
  const comments = wire.state.notes.length;
  await shop.worker.receive({ ...notice, kind: 'queue-entered', id: `estate/queue/${head}`, repository: 'estate' });
  await shop.until('the verdict', async () => statusesOf(head, 'mainstay').at(-1) === 'success');
  assert.deepEqual(statusesOf(head, 'mainstay/journey/dev'), ['pending', 'success']);
  assert.equal(wire.state.notes.length, comments, 'a queue has nowhere to comment');
  // The queue makes that very commit the head of the base branch.
  await git(origin, 'update-ref', 'refs/heads/main', head);
  wire.state.merge(pull.number, head);
  await git(origin, 'update-ref', '-d', `refs/heads/${branch}`);
  await shop.sweep();
  const rollout = await shop.rollout(head);
  assert.deepEqual([rollout.state, rollout.changes], ['succeeded', [`estate/${pull.number}`]]);
});

test('says of a commit of a merge queue that is gone nothing, and goes on', async () => {
  const id = 'f'.repeat(40);
  const event = {
    id: `estate/queue/${id}`,
    repository: 'estate',
    head: id,
    base: await shop.head(),
    branch: 'gh-readonly-queue/main/x',
  };
  await shop.worker.receive({ ...event, kind: 'queue-entered' });
  assert.deepEqual(statusesOf(id, 'mainstay'), []);
});

for (const style of ['squash', 'rebase'] as const)
  test(`knows whose a ${style} is: it goes as it was reviewed, and the pull request gets its outcome`, async () => {
    const maps = { one: 'a', two: style, three: style };
    const { number, head } = await propose(style, { 'stacks/Pulumi.dev.yaml': stackFile(maps) });
    await shop.until('the verdict', async () => statusesOf(head, 'mainstay').at(-1) === 'success');
    await shop.push('main', { 'README.md': `main moves before the ${style}\n` });
    const commit = await shop.merge(style, style);
    wire.state.merge(number, commit);
    await shop.sweep();
    const rollout = await shop.rollout(commit);
    assert.deepEqual([rollout.state, rollout.changes], ['succeeded', [`estate/${number}`]]);
    const [run] = await shop.store.runs.list({ rollout: rollout.id, kind: 'update', stack: 'journey/dev' });
    const steps = await shop.store.runs.steps(run!.id);
    assert.match(steps.find(({ name }) => name === 'preview')!.detail, /as reviewed/);
    await shop.until('the outcome', async () => /Rolled out/.test(ours(number, 'mainstay:outcome')[0]?.text ?? ''));
    assert.match(report(number), /Changes|Deletes/, 'what was reviewed is not written over');
    assert.equal((await shop.store.changes.get(`estate/${number}`))!.state, 'merged');
  });

test('a forge that is away when a rollout ends holds nothing up, and is told when it is back, within a day', async () => {
  const away = { kind: 'answer' as const, status: 502, body: { message: 'Bad Gateway' } };
  const merged = async (branch: string, faults: number) => {
    const { number, head } = await propose(branch, { 'stacks/Pulumi.prod.yaml': stackFile({ one: branch }) });
    await shop.until('the verdict', async () => statusesOf(head, 'mainstay').at(-1) === 'success');
    wire.fault(`POST /api/v3/repos/o/r/issues/${number}/comments`, Array(faults).fill(away));
    const commit = await shop.merge(branch);
    wire.state.merge(number, commit);
    await shop.sweep();
    assert.equal((await shop.rollout(commit)).state, 'succeeded');
    // While it is being tried nobody else gets it for much longer than until the second try.
    const isPutOff = async () =>
      ((await reportOf(commit))?.due.getTime() ?? Infinity) <= shop.services.clock.now() + 10_000;
    await shop.until('the end of the first try', isPutOff);
    return { number, commit };
  };
  const reportOf = async (commit: string) => {
    const { rows } = await shop.database.query('select attempts, due from mainstay.report where rollout like $1', [
      `%${commit.slice(0, 12)}`,
    ]);
    return rows[0] as { readonly attempts: number; readonly due: Date } | undefined;
  };
  const triesOf = async (commit: string) => (await reportOf(commit))?.attempts;
  const back = await merged('away-for-a-while', 3);
  for (const [seconds, tries] of [
    [1, 1],
    [10, 2],
    [21, 3],
    [41, undefined],
  ] as const) {
    assert.equal(ours(back.number, 'mainstay:outcome').length, 0);
    shop.moveClock(seconds * 1000);
    await tellDue(shop.services);
    assert.equal(await triesOf(back.commit), tries, `after ${seconds} more seconds`);
  }
  assert.match(ours(back.number, 'mainstay:outcome')[0]!.text, /\*\*Rolled out\*\*/);
  assert.equal(statusesOf(back.commit, 'mainstay/rollout').at(-1), 'success');

  const gone = await merged('away-for-good', 2);
  shop.moveClock(25 * 3_600_000);
  await tellDue(shop.services);
  assert.equal(await triesOf(gone.commit), undefined, 'it is given up');
  assert.equal(ours(gone.number, 'mainstay:outcome').length, 0);
  wire.clearFaults();
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
