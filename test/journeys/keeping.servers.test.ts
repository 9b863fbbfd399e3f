import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { RolloutResponse } from '../../runner/api/responses.ts';
import { type ControlPlane, startKubernetes, whyNot } from '../servers/start.ts';
import { postmasterOf } from './estate.ts';
import { createGiteaEstate, type GiteaEstate, pullMain } from './gitea-estate.ts';
import { imageFile, openShopOnCluster, type ShopOnCluster } from './shop-on-cluster.ts';

const API = '/repos/mainstay/estate';
const ROUNDS = 3;

/** One life of a shop on a real control plane, behind a real Gitea, told in order: each test goes on where the one before ended. */
describe('a shop that is kept', { skip: await whyNot('kubernetes', 'gitea'), timeout: 1_800_000 }, () => {
  let plane: ControlPlane;
  let shop: ShopOnCluster;
  let here: GiteaEstate;
  let kept: string;
  const first = { commit: '' };

  before(async () => {
    kept = mkdtempSync(join(tmpdir(), 'mainstay-kept-'));
    mkdirSync(join(kept, 'state'));
    plane = await startKubernetes();
    shop = await openShopOnCluster(plane.kubeconfig);
    const environment = {
      ...{ KUBECONFIG: plane.kubeconfig, MAINSTAY_PASS: 'KUBECONFIG' },
      PULUMI_BACKEND_URL: `file://${kept}/state`,
    };
    here = await createGiteaEstate({
      ...{ pollSeconds: 1, files: shop.files, environment, patienceMs: 300_000 },
    });
  });
  after(async () => {
    await here?.close();
    await shop?.close();
    await plane?.stop();
    rmSync(kept, { recursive: true, force: true });
  });

  const api = () => here.estate.api();
  const images = async () => [await shop.image('dev'), await shop.image('staging'), await shop.image('prod')];
  const tags = async () => (await images()).map((image) => image?.split(':')[1]);
  const drift = async (stack: string) => (await api().drift()).find((record) => record.stack === `journey/${stack}`);
  const issues = (state: 'open' | 'closed') =>
    here.api('GET', `${API}/issues?type=issues&state=${state}`) as Promise<{ number: number; body: string }[]>;
  const trail = async (subject: string) =>
    (await api().audit({ subject, limit: 200 })).map(({ kind, by, text }) => `${kind} ${by}: ${text}`).reverse();
  const waiting = (commit: string, text: RegExp): Promise<RolloutResponse> =>
    here.until(`a wait ${text}`, async () => {
      const rollout = (await api().rollouts()).find((each) => each.commit === commit);
      assert.ok(rollout?.endedAt === undefined, `${rollout?.state}: ${rollout?.summary}`);
      return rollout?.waits && text.test(rollout.waits.text) ? rollout : undefined;
    });
  const ended = (commit: string): Promise<RolloutResponse> =>
    here.until(`the end of ${commit}`, async () => {
      const rollout = (await api().rollouts()).find((each) => each.commit === commit);
      return rollout?.endedAt === undefined ? undefined : rollout;
    });
  /** A commit on its way through all environments, with the one approval that it needs. */
  async function walk(commit: string): Promise<RolloutResponse> {
    const { id } = await waiting(commit, /^prod waits for 1 approval by ada/);
    await api().decideRollout(id, { kind: 'approve', by: 'ada' });
    const rollout = await ended(commit);
    assert.equal(rollout.state, 'succeeded', rollout.summary);
    return rollout;
  }
  /** Merges a pull request as a person does. Returns the commit of main. */
  async function merge(number: string): Promise<string> {
    const call = () => here.api('POST', `${API}/pulls/${number}/merge`, { Do: 'merge' });
    await here.until('the merge', () =>
      call().then(
        () => true,
        () => false,
      ),
    );
    return pullMain(here);
  }

  it('is made: dev, verification, soak, staging, its job, approval, prod', async () => {
    const { commit } = await here.api('GET', `${API}/branches/main`);
    first.commit = commit.id;
    const rollout = await walk(commit.id);
    assert.deepEqual(await tags(), ['1', '1', '1']);
    const said = (await trail(rollout.id)).filter((line) => /^(?:verification|gate|approve)/.test(line));
    const expected = [
      /^verification mainstay: dev verified: .* answers 200/,
      /^gate mainstay: staging waits until \S+ for the environment before it to soak/,
      /^verification mainstay: staging verified: .* answers 200/,
      /^verification mainstay: staging verified: .*job smoke-\w+ completed/,
      /^gate mainstay: prod waits for 1 approval by ada/,
      /^approve ada: approve prod/,
    ];
    assert.equal(said.length, expected.length, said.join('\n'));
    for (const [index, line] of said.entries()) assert.match(line, expected[index]!);
  });

  it(`reports nothing in ${ROUNDS} rounds on what nobody touched`, async () => {
    for (const stack of ['dev', 'prod']) {
      const seen = new Set<string>();
      await here.until(`${ROUNDS} looks at ${stack}`, async () => {
        const record = await drift(stack);
        if (record?.lookedAt !== undefined) seen.add(record.lookedAt);
        if (record) assert.equal(record.state, 'none', record.summary);
        return seen.size >= ROUNDS;
      });
    }
    assert.equal(await drift('staging'), undefined, 'it is set to be left alone');
    assert.deepEqual(await api().runs({ kind: 'drift' }), []);
    assert.deepEqual(await issues('open'), []);
  });

  it('puts back what somebody scales where it is set so, and only reports it elsewhere, with who and when', async () => {
    for (const stack of ['dev', 'staging', 'prod'] as const) await shop.scale(stack, 3);
    await here.until('the correction of dev', async () => (await shop.replicas('dev')) === 1);
    const record = await here.until('the report of prod', async () => {
      const found = await drift('prod');
      return found?.state === 'drifted' && found;
    });
    assert.match(record.summary, /^1 resource differs.*; left, as the stack is set to report only$/);
    const [difference] = record.differences;
    assert.deepEqual(difference!.step.changes, [{ path: 'spec.replicas', kind: 'update', before: 3, after: 1 }]);
    const who = difference!.managers['spec.replicas'];
    assert.equal(who?.manager, 'kubectl-scale');
    assert.match(who!.at!, /^\d{4}-\d\d-\d\dT/);
    const issue = await here.until('the issue', async () =>
      (await issues('open')).find(({ body }) => /prod/.test(body)),
    );
    assert.match(issue.body, /`spec\.replicas: 3 → 1` \(set by kubectl-scale, \d{4}-/);
    assert.deepEqual([await shop.replicas('prod'), await shop.replicas('staging')], [3, 3]);
    await here.until('dev to be as it should', async () => (await drift('dev'))?.state === 'none');
    const line = (await trail('journey/dev')).find((each) => each.startsWith('correction'));
    assert.match(line!, /put back: .*Deployment::shop/);
    await api().look({ repository: 'estate', stack: 'journey/prod', correct: true });
    await here.until('the correction of prod', async () => (await shop.replicas('prod')) === 1);
    await here.until('the end of the issue', async () =>
      (await issues('closed')).some(({ number }) => number === issue.number),
    );
    await shop.scale('staging', 1);
  });

  it('takes a bad image to dev and no further, offers its revert, and the merged revert brings the old one back', async () => {
    const bad = await here.push('main', imageFile('2-bad'));
    const stopped = await waiting(bad, /^stopped at dev as it is not good: .* answers 500/);
    assert.deepEqual(await tags(), ['2-bad', '1', '1']);
    const number = /its revert is offered as (\d+)$/.exec(stopped.waits!.text)?.[1];
    assert.ok(number, stopped.waits!.text);
    const status = (await api().status()).repositories[0]!.stacks.find(({ id }) => id === 'journey/dev')!;
    assert.equal(status.health, 'bad');
    await here.until('its preview', async () =>
      (await here.comments(Number(number))).some(({ body }) => /journey\/dev/.test(body) && /shop:1/.test(body)),
    );
    const reverted = await merge(number);
    assert.equal((await ended(bad)).state, 'overtaken');
    const rollout = await ended(reverted);
    assert.deepEqual([rollout.state, rollout.stages.flatMap(({ stacks }) => stacks)], ['succeeded', ['journey/dev']]);
    assert.deepEqual(await tags(), ['1', '1', '1']);
  });

  it('takes back by itself what only staging shows to be bad, where it is set so', async () => {
    const heavy = await here.push('main', imageFile('2-heavy'));
    const merged = await here.until('the merge of the revert', async () => {
      const { commit } = await here.api('GET', `${API}/branches/main`);
      return commit.id !== heavy && (commit.id as string);
    });
    assert.equal((await ended(heavy)).state, 'overtaken');
    const line = (await trail(`estate@${heavy.slice(0, 12)}`)).find((each) => /^gate .*stopped at staging/.test(each));
    assert.match(line!, /is not good: .* answers 500.*; its revert \d+ is merged$/);
    const rollout = await ended(merged);
    assert.deepEqual([rollout.state, await tags()], ['succeeded', ['1', '1', '1']]);
    await pullMain(here);
  });

  it('takes a good image all the way, and a rollback of prod brings the old one back', async () => {
    const good = await here.push('main', imageFile('3'));
    await walk(good);
    assert.deepEqual(await tags(), ['3', '3', '3']);
    const offered = await api().rollBack({
      ...{ repository: 'estate', stack: 'journey/prod' },
      ...{ to: first.commit, reason: 'version 3 loses orders' },
    });
    const commit = await merge(offered.change);
    await walk(commit);
    assert.deepEqual(await tags(), ['1', '1', '1']);
  });

  it('comes back when its database and disk are gone, says and does nothing twice, and goes on', async () => {
    const { commit } = await here.api('GET', `${API}/branches/main`);
    const open = await here.push('open', imageFile('4'));
    const number = await here.open('open');
    await here.until('its status', async () => (await here.statuses(open)).mainstay === 'success');
    const everything = async () => {
      const pulls: { number: number }[] = await here.api('GET', `${API}/pulls?state=all`);
      const comments = await Promise.all(pulls.map(({ number: each }) => here.comments(each)));
      const written = await Promise.all((['dev', 'staging', 'prod'] as const).map(shop.generation));
      const closed = (await issues('closed')).length;
      return { comments: comments.flat().map(({ id }) => id), written, closed, open: (await issues('open')).length };
    };
    const before = await everything();
    await here.estate.kill();
    const data = join(here.estate.folder, 'data');
    process.kill(postmasterOf(data)!, 'SIGKILL');
    rmSync(data, { recursive: true, force: true });
    await here.start();
    const again = await ended(commit.id);
    assert.deepEqual([again.state, again.summary], ['succeeded', 'affects no stack']);
    await here.until('the preview', async () =>
      (await api().changes()).some(({ name, runs }) => name === String(number) && runs.every(({ endedAt }) => endedAt)),
    );
    await here.until(
      'looks',
      async () => (await drift('dev'))?.state === 'none' && (await drift('prod'))?.state === 'none',
    );
    assert.deepEqual(await api().runs({ kind: 'update' }), [], 'nothing is updated again');
    assert.deepEqual(await everything(), before);
    assert.ok((await api().status()).aligned);
    const next = await here.push('main', imageFile('5'));
    await waiting(next, /^prod waits for 1 approval by ada/);
    assert.deepEqual(await tags(), ['5', '5', '1']);
  });
});
