import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type GiteaServer, startGitea } from '../../../test/servers/gitea.ts';
import type { Forge } from '../../core/forge.ts';
import { COMMENT_MARKER } from '../../core/report-text.ts';
import { createGiteaForge } from './forge.ts';

/** Everything that the port promises, on a Gitea that runs here. */
describe('Gitea', { timeout: 300_000 }, () => {
  let gitea: GiteaServer;
  let forge: Forge;
  let token: string;

  /** Straight to Gitea's API, as its administrator. */
  // biome-ignore lint/suspicious/noExplicitAny: what Gitea answers is looked at by assertions alone
  async function api(method: string, path: string, body?: unknown): Promise<any> {
    const response = await fetch(`${gitea.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${gitea.user}:${gitea.password}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  async function commit(branch: string, path: string, text: string): Promise<string> {
    const answer = await api('POST', `/repos/mainstay/estate/contents/${path}`, {
      ...(branch === 'main' ? {} : { branch: 'main', new_branch: branch }),
      ...{ content: Buffer.from(text).toString('base64'), message: `add ${path}` },
    });
    return answer.commit.sha;
  }

  before(async () => {
    gitea = await startGitea();
    await api('POST', '/user/repos', { name: 'estate', auto_init: true, default_branch: 'main' });
    token = (
      await api('POST', '/users/mainstay/tokens', {
        name: 'runner',
        scopes: ['write:repository', 'write:issue', 'read:user'],
      })
    ).sha1;
    forge = createGiteaForge({ url: gitea.url, repository: 'mainstay/estate', base: 'main', token });
  });
  after(() => gitea?.stop());

  test('opens one change of a branch, lists it, and says who proposed it', async () => {
    const head = await commit('replicas', 'a.txt', 'a');
    const name = await forge.openChange({ branch: 'replicas', title: 'More replicas', text: 'as asked' });
    assert.equal(await forge.openChange({ branch: 'replicas', title: 'More replicas', text: 'as asked' }), name);
    const [change, ...others] = await forge.proposals!.list();
    assert.deepEqual(others, []);
    const expected = { name, title: 'More replicas', author: 'mainstay', head, base: 'main', fork: false };
    assert.deepEqual(change, { ...expected, ref: `refs/pull/${name}/head` });
    assert.equal(await forge.proposals!.endOf(name), 'open');
  });

  test('edits its one comment where it is, also after a restart, and makes it again when it was deleted', async () => {
    const put = (by: Forge, text: string) =>
      by.putComment({ change: '1', commit: 'x', text: `${COMMENT_MARKER}\n${text}` });
    await api('POST', '/repos/mainstay/estate/issues/1/comments', { body: 'somebody else says this' });
    await put(forge, 'first');
    await Promise.all([put(forge, 'second'), put(forge, 'third')]);
    const restarted = createGiteaForge({ url: gitea.url, repository: 'mainstay/estate', base: 'main', token });
    await put(restarted, 'fourth');
    const comments = await api('GET', '/repos/mainstay/estate/issues/1/comments');
    assert.deepEqual(
      comments.map(({ body }: { body: string }) => body),
      ['somebody else says this', `${COMMENT_MARKER}\nfourth`],
    );
    await api('DELETE', `/repos/mainstay/estate/issues/comments/${comments[1].id}`);
    await put(restarted, 'fifth');
    assert.equal(
      (await api('GET', '/repos/mainstay/estate/issues/1/comments')).at(-1).body,
      `${COMMENT_MARKER}\nfifth`,
    );
  });

  test('edits no comment of somebody else that has the marker', async () => {
    await api('POST', '/admin/users', {
      ...{ username: 'mallory', password: 'a long one', email: 'm@mainstay.test', must_change_password: false },
    });
    await api('POST', '/repos/mainstay/estate/issues/1/comments?sudo=mallory', { body: `${COMMENT_MARKER} mine` });
    const restarted = createGiteaForge({ url: gitea.url, repository: 'mainstay/estate', base: 'main', token });
    await restarted.putComment({ change: '1', commit: 'x', text: `${COMMENT_MARKER}\nsixth` });
    const bodies = (await api('GET', '/repos/mainstay/estate/issues/1/comments')).map(
      ({ body }: { body: string }) => body,
    );
    assert.deepEqual(bodies.slice(1), [`${COMMENT_MARKER}\nsixth`, `${COMMENT_MARKER} mine`]);
  });

  test('sets statuses: the last one of a context counts', async () => {
    const { head } = (await forge.proposals!.list())[0]!;
    const status = { commit: head, context: 'mainstay/shop/dev', link: undefined };
    await forge.setStatus({ ...status, state: 'pending', text: 'previewing' });
    await forge.setStatus({ ...status, state: 'failure', text: 'x'.repeat(300) });
    const { statuses } = await api('GET', `/repos/mainstay/estate/commits/${head}/status`);
    assert.equal(statuses.length, 1);
    assert.equal(statuses[0].status, 'failure');
    assert.equal(statuses[0].description.length, 140);
  });

  test('says what an account may do, and answers a comment with an emoji', async () => {
    assert.equal(await forge.proposals!.permissionOf('mainstay'), 'admin');
    assert.equal(await forge.proposals!.permissionOf('mallory'), 'read');
    assert.equal(await forge.proposals!.permissionOf('nobody-at-all'), 'none');
    await api('PUT', '/repos/mainstay/estate/collaborators/mallory', { permission: 'write' });
    assert.equal(await forge.proposals!.permissionOf('mallory'), 'write');
    const [{ id }] = await api('GET', '/repos/mainstay/estate/issues/1/comments');
    await forge.proposals!.react({ change: '1', id: String(id) }, 'seen');
    await forge.proposals!.react({ change: '1', id: String(id) }, 'seen');
    const reactions = await api('GET', `/repos/mainstay/estate/issues/comments/${id}/reactions`);
    assert.deepEqual(
      reactions.map(({ content }: { content: string }) => content),
      ['eyes'],
    );
  });

  test('keeps one issue per key and closes it', async () => {
    const first = await forge.putIssue!({ key: 'drift shop/dev', title: 'Drift: shop/dev', text: 'one' });
    assert.equal(await forge.putIssue!({ key: 'drift shop/dev', title: 'Drift: shop/dev', text: 'two' }), first);
    const other = await forge.putIssue!({ key: 'drift shop/prod', title: 'Drift: shop/prod', text: 'x' });
    assert.notEqual(other, first);
    assert.match((await api('GET', `/repos/mainstay/estate/issues/${first}`)).body, /two$/);
    await forge.closeIssue!(first, 'Gone.');
    assert.equal((await api('GET', `/repos/mainstay/estate/issues/${first}`)).state, 'closed');
    assert.notEqual(await forge.putIssue!({ key: 'drift shop/dev', title: 'Drift: shop/dev', text: 'again' }), first);
  });

  test('merges the head that was seen, and no other one', async () => {
    const { name, head } = (await forge.proposals!.list())[0]!;
    await assert.rejects(forge.mergeChange(name, '0'.repeat(40)), { kind: 'conflict' });
    await forge.mergeChange(name, head);
    assert.equal(await forge.proposals!.endOf(name), 'merged');
    assert.deepEqual(await forge.proposals!.list(), []);
  });

  test('says what is wrong with a token or a repository', async () => {
    const wrong = createGiteaForge({ url: gitea.url, repository: 'mainstay/estate', base: 'main', token: 'wrong' });
    await assert.rejects(wrong.proposals!.list(), { kind: 'user', message: /does not take the token/ });
    const elsewhere = createGiteaForge({ url: gitea.url, repository: 'mainstay/other', base: 'main', token });
    await assert.rejects(elsewhere.proposals!.list(), { kind: 'user', message: /is not there/ });
  });
});
