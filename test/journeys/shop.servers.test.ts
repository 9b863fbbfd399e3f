import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { EnvironmentReader } from '../../foundation/environment.ts';
import { whyNot } from '../servers/start.ts';
import { pullMain } from './gitea-estate.ts';
import { createRandom } from './seeded-random.ts';
import { createShopEstate, type Images, imageAt, type ShopEstate, STACKS } from './shop-estate.ts';

/**
 * The whole product on a real Gitea and a real cluster: an image goes from a pull request through dev and staging to prod, a change that the cluster
 * would refuse fails where it is harmless, and the runner may die at any time. `MAINSTAY_KILLS=100` for more; the seed is printed, and
 * `MAINSTAY_SEED` takes it.
 */
const read = new EnvironmentReader();
const KILLS = read.integer('MAINSTAY_KILLS', { fallback: 5, minimum: 1 });
const SEED = read.integer('MAINSTAY_SEED', { fallback: Math.floor(Math.random() * 2 ** 31), minimum: 0 });

/** The most kills on the way of one image: then it is let through, however slow the machine. */
const KILLS_A_ROUND = 8;
const API = '/repos/mainstay/estate';
const skip = await whyNot('gitea', 'kubernetes');

let shop: ShopEstate;
let images: Images;
/** What was rolled out, in order. */
const rolledOut: string[] = [];

before(async () => {
  if (skip) return;
  ({ shop, images } = await createShopEstate());
  const user = { username: 'grace', password: 'a long one', email: 'g@mainstay.test', must_change_password: false };
  await shop.api('POST', '/admin/users', user);
  await shop.api('PUT', `${API}/collaborators/grace`, { permission: 'write' });
});
after(() => shop?.close());

test('brings what is on main to dev and staging, and to prod when somebody says so', { skip }, async () => {
  const { commit } = await shop.api('GET', `${API}/branches/main`);
  const waits = await shop.estate.rolledOut(commit.id);
  assert.match(waits.summary, /prod waits for 1 approval/);
  assert.deepEqual([await shop.imageOf('dev'), await shop.imageOf('staging')], [imageAt(0), imageAt(0)]);
  await assert.rejects(shop.deployment('prod'), /not found/);
  await shop.estate.api().decideRollout(waits.id, { kind: 'approve', by: 'Grace' });
  await shop.until('the rollout', async () => (await shop.statuses(commit.id))['mainstay/rollout'] === 'success');
  await assertImage(imageAt(0));
  // From now on the forge merges only what was previewed and what somebody has approved.
  const rules = { required_approvals: 1, enable_status_check: true, status_check_contexts: ['mainstay'] };
  await shop.api('POST', `${API}/branch_protections`, { rule_name: 'main', ...rules });
});

test('an image goes by pull request, preview, review and merge to dev, staging and prod', { skip }, async () => {
  const { number, head } = await propose('image-1', imageAt(1));
  assert.deepEqual(await shop.statuses(head), {
    mainstay: 'success',
    ...Object.fromEntries(STACKS.map((stack) => [`mainstay/journey/${stack}`, 'success'])),
  });
  await assert.rejects(merge(number, 1), /not enough approvals|405/i);
  await assertImage(imageAt(0));
  await carryThrough(number);
  await assertImage(imageAt(1));
});

test('a change that the cluster refuses fails in its preview and blocks nothing else', { skip }, async () => {
  const head = await shop.push('bad-image', images('registry.elsewhere/web:2'));
  const bad = await shop.open('bad-image');
  await shop.until('the failure', async () => (await shop.statuses(head)).mainstay === 'failure');
  const [comment] = await commentsOf(bad, 'change');
  assert.match(comment!, /only images of registry\.example may run here/);
  await approve(bad);
  await assert.rejects(merge(bad, 1), /405|status/i);
  await assertImage(imageAt(1));
  await roundTrip(2);
  await shop.api('PATCH', `${API}/pulls/${bad}`, { state: 'closed' });
});

test('is killed when the cluster has done something and nobody knows it yet: a create, an update, a delete', {
  skip,
}, async () => {
  const { number } = await propose('image-caught', imageAt('caught'));
  const from = shop.proxy.writes.length;
  const [created, patched, deleted] = [
    { method: 'POST', path: /-dev\/configmaps/ },
    { method: 'PATCH', path: /-dev\/deployments\/web/ },
    { method: 'DELETE', path: /-dev\/configmaps\/settings-/ },
  ].map(({ method, path }) =>
    shop.proxy.withhold(
      (write) => write.method === method && path.test(write.path) && !write.body.includes('managedFields'),
    ),
  );
  const through = carryThrough(number);
  for (const caught of [created!, patched!, deleted!]) {
    const write = await Promise.race([caught, through.then(() => assert.fail('the runner never asked for it'))]);
    assert.ok(write.status < 300, JSON.stringify(write));
    await shop.estate.kill();
    await shop.start();
  }
  await through;
  await assertImage(imageAt('caught'));
  const creates = shop.proxy.writes
    .slice(from)
    .filter(({ method, path }) => method === 'POST' && path.includes('-dev/'));
  assert.equal(creates.length, 1, 'what was made was found, and not made again');
});

test(`all of it, while the runner is killed again and again (${KILLS} kills, seed ${SEED})`, {
  skip,
  timeout: 600_000 + KILLS * 60_000,
}, async (t) => {
  const random = createRandom(SEED);
  const began = performance.now();
  const killed = { all: 0, whole: 0 };
  await roundTrip('first');
  // How long the way is on this machine: kills come anywhere in it, and rather early, so that some come into a start.
  const wayMs = performance.now() - began;
  for (let round = 1; killed.all < KILLS; round += 1) {
    const kills = Math.min(1 + Math.floor(random() * KILLS_A_ROUND), KILLS - killed.all);
    await Promise.all([roundTrip(`r${round}`), killAtRandom(kills, { random, wayMs, killed })]);
    t.diagnostic(`${killed.all} kills after ${Math.round((performance.now() - began) / 1000)} s`);
  }
  await roundTrip('last');
  const seconds = Math.round((performance.now() - began) / 1000);
  const repeated = await assertOnce(killed.all);
  t.diagnostic(
    `${killed.all} kills, ${killed.whole} of them of every process, in ${seconds} s: ${rolledOut.length} images through 3 stacks, ` +
      `${repeated} writes sent again after a kill`,
  );
});

/** One image, from the branch to prod. */
async function roundTrip(version: number | string): Promise<void> {
  const { number } = await propose(`image-${version}`, imageAt(version));
  await carryThrough(number);
  await assertImage(imageAt(version));
}

async function propose(branch: string, image: string): Promise<{ readonly number: number; readonly head: string }> {
  const head = await shop.push(branch, images(image));
  const number = await shop.open(branch);
  await shop.until(`the preview of ${branch}`, async () => (await shop.statuses(head)).mainstay === 'success');
  const [comment] = await commentsOf(number, 'change');
  assert.match(comment!, /resources in journey\/dev, journey\/prod, journey\/staging/);
  assert.ok(comment!.includes(image), comment);
  rolledOut.push(image);
  return { number, head };
}

async function carryThrough(number: number): Promise<void> {
  await approve(number);
  await merge(number);
  const commit = await pullMain(shop);
  const ended = async () => (await shop.statuses(commit))['mainstay/rollout'];
  while ((await ended()) === undefined) {
    const [outcome] = await commentsOf(number, 'outcome');
    if (outcome && /prod waits for 1 approval/.test(outcome)) await sayApprove(number, ended);
    await delay(50);
  }
  assert.equal(await ended(), 'success', shop.estate.said());
  const [outcome, ...more] = await shop.until('the outcome', async () => {
    const found = await commentsOf(number, 'outcome');
    return found.some((body) => body.includes('**Rolled out**')) && found;
  });
  assert.deepEqual([outcome !== undefined, more, (await commentsOf(number, 'change')).length], [true, [], 1]);
}

/** Says it, and again where there is no receipt after a while: what is said while nobody is there to hear it is not heard. */
async function sayApprove(number: number, ended: () => Promise<string | undefined>): Promise<void> {
  const { id } = await shop.api('POST', `${API}/issues/${number}/comments`, { body: '/approve' }, { as: 'grace' });
  for (let asked = 0; asked < 60; asked += 1) {
    const reactions = await shop.api('GET', `${API}/issues/comments/${id}/reactions`);
    if (reactions?.length || (await ended()) !== undefined) return;
    await delay(100);
  }
}

async function approve(number: number): Promise<void> {
  await shop.api('POST', `${API}/pulls/${number}/reviews`, { event: 'APPROVED', body: 'Good.' }, { as: 'grace' });
}

/** Gitea says for a moment after a push that it does not know yet whether it can. */
async function merge(number: number, tries = 200): Promise<void> {
  for (let asked = 1; ; asked += 1) {
    try {
      return await shop.api('POST', `${API}/pulls/${number}/merge`, { Do: 'merge' });
    } catch (error) {
      if (asked >= tries) throw error;
      await delay(50);
    }
  }
}

/** The bodies of our comments of one kind. */
async function commentsOf(number: number, kind: 'change' | 'outcome'): Promise<readonly string[]> {
  const bodies = (await shop.comments(number)).map(({ body }) => body);
  return bodies.filter((body) => body.includes(`<!-- mainstay:${kind} -->`));
}

async function assertImage(image: string): Promise<void> {
  for (const stack of STACKS) {
    assert.equal(await shop.imageOf(stack), image, stack);
    assert.deepEqual(await shop.settingsOf(stack), [`settings-${image.split(':')[1]}`], stack);
  }
}

/** Kills the runner so many times, every fourth time with every process of it, and starts it again. */
async function killAtRandom(
  kills: number,
  {
    random,
    wayMs,
    killed,
  }: { readonly random: () => number; readonly wayMs: number; readonly killed: { all: number; whole: number } },
): Promise<void> {
  for (let done = 0; done < kills; done += 1) {
    await delay(random() ** 2 * wayMs * 0.5);
    const whole = random() < 0.25;
    await (whole ? shop.estate.killAll() : shop.estate.kill());
    killed.all += 1;
    if (whole) killed.whole += 1;
    if (random() < 0.2) await delay(random() * 1000);
    await shop.start();
  }
}

/** Every image was written once per stack, or again only where a kill may have hidden the answer. Returns how often it was. */
async function assertOnce(kills: number): Promise<number> {
  let repeated = 0;
  for (const stack of STACKS) {
    const { metadata } = (await shop.deployment(stack)) as unknown as {
      metadata: { generation: number; namespace: string };
    };
    // The cluster counts changes of a spec by itself: the create, and one per image.
    assert.equal(metadata.generation, rolledOut.length + 1, `${stack}: generation`);
    const writes = shop.proxy.writes.filter(({ path }) => path.includes(`/${metadata.namespace}/`));
    // Who owns which field is written apart, before the first change of an object.
    const patches = writes.filter(({ path, method }) => method !== 'DELETE' && path.includes('/deployments'));
    const seen = patches.flatMap(({ body }) => /"image":"([^"]+)"/.exec(body)?.[1] ?? []);
    // In the order of the merges, and no image after a later one.
    const order = seen.filter((image, index) => image !== seen[index - 1]);
    assert.deepEqual(order, [imageAt(0), ...rolledOut]);
    // What was made was made once, whoever was killed meanwhile, and what went away was there.
    const made = writes.filter(({ method }) => method === 'POST').map(({ status }) => status);
    assert.deepEqual(new Set(made), new Set([201]));
    assert.equal(made.length, rolledOut.length + 2, `${stack}: settings, and one Deployment`);
    const deletes = writes.filter(({ method, status }) => method === 'DELETE' && status === 200);
    assert.equal(deletes.length, rolledOut.length);
    repeated += seen.length - order.length;
  }
  assert.ok(repeated <= kills, `${repeated} writes were sent again for ${kills} kills`);
  return repeated;
}
