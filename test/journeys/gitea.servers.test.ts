import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { stackFile } from './estate.ts';
import { createGiteaEstate, type GiteaEstate, pullMain } from './gitea-estate.ts';

/** One life of a repository on a real Gitea, told in order: each test goes on where the one before ended. */
let here: GiteaEstate;
let change: { readonly number: number; readonly head: string };
const API = '/repos/mainstay/estate';

before(async () => {
  here = await createGiteaEstate();
});
after(() => here?.close());

test('updates what is on main at first', async () => {
  const { commit } = await here.api('GET', `${API}/branches/main`);
  const rollout = await here.estate.rolledOut(commit.id);
  assert.equal(rollout.state, 'succeeded', rollout.summary);
});

test('says pending on a pull request at once, then a status per stack, one for all and one comment', async (context) => {
  const head = await here.push('more-maps', {
    'stacks/Pulumi.dev.yaml': stackFile({ one: 'a', two: 'c', three: 'd' }),
  });
  const began = performance.now();
  const number = await here.open('more-maps');
  change = { number, head };
  const first = await here.until('a first status', async () => (await here.statuses(head)).mainstay);
  context.diagnostic(`first status ${Math.round(performance.now() - began)} ms after the pull request (${first})`);
  const statuses = await here.until('statuses', async () => {
    const found = await here.statuses(head);
    return found.mainstay === 'success' && found;
  });
  context.diagnostic(`comment and statuses after ${Math.round(performance.now() - began)} ms`);
  assert.equal(statuses['mainstay/journey/dev'], 'success');
  await here.until('the answer of the undo', async () => (await here.statuses(head))['mainstay/undo'] === 'success');
  const comments = await here.comments(number);
  assert.equal(comments.length, 1);
  assert.match(comments[0]!.body, /Deletes or replaces resources in journey\/dev/);
});

test('edits the comment where it is after another push', async () => {
  const [before] = await here.comments(change.number);
  const head = await here.push('more-maps', {
    'stacks/Pulumi.dev.yaml': stackFile({ one: 'a', two: 'b', three: 'd' }),
  });
  change = { ...change, head };
  await here.until('the status', async () => (await here.statuses(head)).mainstay === 'success');
  const comments = await here.comments(change.number);
  assert.deepEqual(
    comments.map(({ id }) => id),
    [before!.id],
  );
  assert.match(comments[0]!.body, new RegExp(`Commit ${head.slice(0, 8)}`));
  assert.doesNotMatch(comments[0]!.body, /Deletes or replaces/);
});

test('obeys who may write, and answers a stranger by an emoji alone', async () => {
  const user = { username: 'mallory', password: 'a long one', email: 'm@mainstay.test', must_change_password: false };
  await here.api('POST', '/admin/users', user);
  await here.api('PUT', `${API}/collaborators/mallory`, { permission: 'read' });
  const say = (body: string, as: string) =>
    here.api('POST', `${API}/issues/${change.number}/comments`, { body }, { as });
  const reactions = async (id: number) =>
    (await here.api('GET', `${API}/issues/comments/${id}/reactions`))?.map((each: { content: string }) => each.content);
  const asked = await say('/help', 'mainstay');
  await here.until('the help', async () =>
    (await here.comments(change.number)).some(
      ({ body }) => body.includes('mainstay:answer') && body.includes('/preview'),
    ),
  );
  await here.until('the receipt', async () => (await reactions(asked.id))?.includes('+1'));
  const count = (await here.comments(change.number)).length;
  const strange = await say('/preview', 'mallory');
  await here.until('the refusal', async () => (await reactions(strange.id))?.includes('confused'));
  assert.equal((await here.comments(change.number)).length, count + 1);
  const quoted = await say('> /cancel\n\n```\n/cancel\n```', 'mainstay');
  const again = await say('/preview', 'mainstay');
  await here.until('another preview', async () => (await reactions(again.id))?.includes('+1'));
  assert.ok(!(await reactions(quoted.id))?.length);
});

test("runs nothing of a stranger's fork until its commit is named by a maintainer", async () => {
  await here.api('POST', `${API}/forks`, {}, { as: 'mallory' });
  const file = '/repos/mallory/estate/contents/stacks/Pulumi.dev.yaml?ref=main';
  const { sha } = await here.until('the fork', () => here.api('GET', file).catch(() => undefined));
  const content = Buffer.from(stackFile({ one: 'a', two: 'b', evil: 'x' })).toString('base64');
  const edit = { content, sha, message: 'evil', branch: 'main', new_branch: 'evil' };
  const { commit } = await here.api('PUT', '/repos/mallory/estate/contents/stacks/Pulumi.dev.yaml', edit, {
    as: 'mallory',
  });
  const number = await here.open('mallory:evil', { as: 'mallory' });
  const [waiting] = await here.until('that it waits', async () => {
    const found = await here.comments(number);
    return found.length > 0 && found;
  });
  assert.match(waiting!.body, /waits for a maintainer as it comes from a fork/);
  assert.equal((await here.statuses(commit.sha)).mainstay, 'pending');
  const say = (body: string) => here.api('POST', `${API}/issues/${number}/comments`, { body });
  await say('/preview');
  await here.until('the refusal', async () =>
    (await here.comments(number)).some(({ body }) => /without its commit/.test(body)),
  );
  const runs = await here.estate.api().runs({ change: `estate/${number}` });
  assert.deepEqual(runs, []);
  await say(`/preview ${commit.sha.slice(0, 8)}`);
  await here.until('the preview', async () => (await here.statuses(commit.sha)).mainstay === 'success');
  const [previewed] = await here.comments(number);
  assert.match(previewed!.body, /Changes journey\/dev/);
  await here.api('PATCH', `${API}/pulls/${number}`, { state: 'closed' });
  await here.until('the end', async () => {
    const found = (await here.estate.api().changes()).find(({ name }) => name === String(number));
    return found?.state === 'closed';
  });
});

test('refuses forged, malformed, foreign and oversized deliveries, and takes a replayed one once', async () => {
  const of = (full_name: string) =>
    JSON.stringify({ repository: { full_name }, ref: 'refs/heads/other', after: 'a'.repeat(40) });
  const body = of('mainstay/estate');
  assert.equal(await here.deliver('push', body, { secret: 'another' }), 401);
  assert.equal(await here.deliver('push', body), 202);
  assert.equal(await here.deliver('push', body), 200);
  assert.equal(await here.deliver('push', '{"repository": '), 400);
  assert.equal(await here.deliver('pull_request', body), 400);
  assert.equal(await here.deliver('push', of('mainstay/other')), 400);
  assert.equal(await here.deliver('push', ' '.repeat(6 * 1024 * 1024)), 413);
});

test('updates the stacks when Gitea merges', async () => {
  const { forge } = { forge: `${API}/pulls/${change.number}/merge` };
  await here.until('the merge', () =>
    here.api('POST', forge, { Do: 'merge' }).then(
      () => true,
      () => undefined,
    ),
  );
  const commit = await pullMain(here);
  const rollout = await here.estate.rolledOut(commit);
  assert.equal(rollout.state, 'succeeded', rollout.summary);
  const maps = here.estate.state('dev').resources.filter(({ type }) => type === 'kubernetes:core/v1:ConfigMap');
  assert.equal(maps.length, 3);
  const found = (await here.estate.api().changes()).find(({ name }) => name === String(change.number));
  assert.equal(found?.state, 'merged');
  await here.until('the outcome', async () =>
    (await here.comments(change.number)).some(({ body }) => /mainstay:outcome -->\n\*\*Rolled out/.test(body)),
  );
});

test('says on a merged pull request what its rollout waits for, and goes on by /approve', async () => {
  const environments = [
    { name: 'dev', stacks: ['dev'] },
    { name: 'prod', stacks: ['prod'], approval: { count: 1 } },
  ];
  await here.push('gated', {
    'stacks/mainstay.yaml': `${JSON.stringify({ environments })}\n`,
    'stacks/Pulumi.prod.yaml': stackFile({ one: 'a', gated: 'x' }),
  });
  const number = await here.open('gated');
  const say = (body: string) => here.api('POST', `${API}/issues/${number}/comments`, { body });
  const said = (what: RegExp) =>
    here.until(`a comment that says ${what}`, async () =>
      (await here.comments(number)).some(({ body }) => what.test(body)),
    );
  await said(/Changes journey\/prod/);
  await say('/approve');
  await said(/Approvals of an environment count once the change is merged/);
  await say('/cancel');
  await said(/Cannot cancel anything as no preview of this change is running/);
  await say('/unlock');
  await said(/journey\/prod: nothing was left/);
  const merge = () => here.api('POST', `${API}/pulls/${number}/merge`, { Do: 'merge' });
  await here.until('the merge', () =>
    merge().then(
      () => true,
      () => undefined,
    ),
  );
  await said(/mainstay:outcome -->\n\*\*Waits\*\*: prod waits for 1 approval/);
  const maps = () => here.estate.state('prod').resources.filter(({ type }) => type === 'kubernetes:core/v1:ConfigMap');
  assert.equal(maps().length, 1);
  await say('I have looked at it.\n/approve as it was agreed');
  await said(/mainstay:outcome -->\n\*\*Rolled out/);
  assert.equal(maps().length, 2);
  const { items } = { items: await here.estate.api().audit({}) };
  assert.match(JSON.stringify(items), /approve prod: as it was agreed/);
});

for (const style of ['squash', 'rebase'] as const)
  test(`knows whose a ${style} of Gitea is: it goes as it was reviewed, and the pull request gets its outcome`, async () => {
    await pullMain(here);
    const head = await here.push(style, { 'stacks/Pulumi.dev.yaml': stackFile({ one: 'a', two: 'b', [style]: 'x' }) });
    const number = await here.open(style);
    await here.until('the verdict', async () => (await here.statuses(head)).mainstay === 'success');
    const merge = () => here.api('POST', `${API}/pulls/${number}/merge`, { Do: style });
    await here.until('the merge', () =>
      merge().then(
        () => true,
        () => undefined,
      ),
    );
    const commit = await pullMain(here);
    await here.until('the outcome', async () =>
      (await here.comments(number)).some(({ body }) => /mainstay:outcome -->\n\*\*Rolled out/.test(body)),
    );
    const rollout = await here.estate.rolledOut(commit);
    assert.equal(rollout.state, 'succeeded', rollout.summary);
    const runs = await here.estate.api().runs({ stack: 'journey/dev', kind: 'update' });
    const { steps } = await here.estate.api().run(runs.find((run) => run.commit === commit)!.id);
    assert.match(steps.find(({ name }) => name === 'preview')!.detail, /as reviewed/);
    const found = (await here.estate.api().changes()).find(({ name }) => name === String(number));
    assert.equal(found?.state, 'merged');
  });

test("gives a pull request an environment, a stranger's by the word of a maintainer for its commit, and destroys it at the end", async () => {
  await pullMain(here);
  const settings = { environments: [{ name: 'dev', stacks: ['dev'] }], previewEnvironments: [{ stack: 'dev' }] };
  await here.estate.rolledOut(await here.push('main', { 'stacks/mainstay.yaml': `${JSON.stringify(settings)}\n` }));
  const labels = (team: string) => `export const labels = { team: '${team}' };\n`;
  const said = (number: number, what: RegExp) =>
    here.until(`a comment that says ${what}`, async () =>
      (await here.comments(number)).some(({ body }) => what.test(body)),
    );
  const head = await here.push('own', { 'infra/labels.ts': labels('own') });
  const own = await here.open('own');
  await said(
    own,
    new RegExp(`mainstay:environments -->\\n\\*\\*Preview environment \`journey/pr-${own}\` \\(sandbox\\) is ready`),
  );
  await here.until(
    'the status',
    async () => (await here.statuses(head))['mainstay/environment/journey/dev'] === 'success',
  );
  assert.ok(here.estate.state(`pr-${own}`).resources.length > 1);

  const path = '/repos/mallory/estate/contents/infra/labels.ts';
  const { sha } = await here.api('GET', `${path}?ref=main`);
  const content = Buffer.from(labels('stranger')).toString('base64');
  const edit = { content, sha, message: 'mine', branch: 'main', new_branch: 'visit' };
  const { commit } = await here.api('PUT', path, edit, { as: 'mallory' });
  const number = await here.open('mallory:visit', { as: 'mallory' });
  const say = (body: string) => here.api('POST', `${API}/issues/${number}/comments`, { body });
  await said(number, /waits for a maintainer as it comes from a fork/);
  await say('/environment');
  await said(number, /stranger's change without its commit/);
  assert.deepEqual(await here.estate.api().environments({ change: `estate/${number}` }), []);
  await say(`/environment ${commit.sha.slice(0, 8)}`);
  await said(number, new RegExp(`journey/pr-${number}\` \\(sandbox\\) is ready`));

  for (const each of [own, number]) {
    await here.api('PATCH', `${API}/pulls/${each}`, { state: 'closed' });
    await said(each, new RegExp(`journey/pr-${each}\` \\(sandbox\\) is destroyed`));
  }
  const left = (await here.estate.api().environments()).filter(({ state }) => state !== 'removed');
  assert.deepEqual(left, []);
});
