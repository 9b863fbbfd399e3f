import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import examples from '@octokit/webhooks-examples/api.github.com/index.json' with { type: 'json' };
import type { WebhookDialect } from '../core/webhook.ts';
import { giteaWebhooks } from './gitea/parse.ts';
import { githubWebhooks } from './github/parse.ts';
import { gitlabWebhooks } from './gitlab/parse.ts';

const RECORDED: readonly { readonly name: string; readonly examples: readonly unknown[] }[] = examples;

test('reads every delivery that GitHub has recorded, and acts on the few that say something', () => {
  const kinds = new Map<string, number>();
  for (const { name, examples: payloads } of RECORDED)
    for (const payload of payloads) {
      const { kind } = githubWebhooks.parse(name, payload);
      const { action = '' } = payload as { readonly action?: string };
      const key = kind === 'look' ? 'look' : `${name} ${action}: ${kind}`;
      kinds.set(key, (kinds.get(key) ?? 0) + 1);
    }
  assert.ok(kinds.get('look')! > 200);
  kinds.delete('look');
  assert.deepEqual(
    [...kinds.keys()].sort(),
    [
      'issue_comment created: ignored',
      'issue_comment deleted: ignored',
      'issue_comment edited: ignored',
      'merge_group checks_requested: queue',
      'ping : ignored',
      'pull_request opened: change',
      'pull_request reopened: change',
      'pull_request synchronize: change',
      'push : pushed',
    ].sort(),
  );
});

test('takes a comment on a pull request, which is an issue that has one', () => {
  const recorded = RECORDED.find(({ name }) => name === 'issue_comment')!.examples as readonly {
    readonly action: string;
    readonly issue: object;
  }[];
  const created = recorded.find(({ action }) => action === 'created')!;
  const payload = { ...created, issue: { ...created.issue, pull_request: { url: 'x' } } };
  const { kind, repository } = githubWebhooks.parse('issue_comment', payload);
  assert.deepEqual({ kind, repository }, { kind: 'comment', repository: 'Codertocat/Hello-World' });
});

test('takes a signature of the bytes alone, and no other', () => {
  const body = Buffer.from('{"é": 1}');
  const signature = createHmac('sha256', 'secret').update(body).digest('hex');
  const rows: readonly (readonly [WebhookDialect, Record<string, string>, boolean])[] = [
    [githubWebhooks, { 'x-hub-signature-256': `sha256=${signature}` }, true],
    [
      githubWebhooks,
      { 'x-hub-signature-256': `sha256=${signature.replace(/.$/, (last) => (last === '0' ? '1' : '0'))}` },
      false,
    ],
    [githubWebhooks, { 'x-hub-signature-256': 'sha256=' }, false],
    [githubWebhooks, { 'x-hub-signature': `sha1=${signature}` }, false],
    [githubWebhooks, {}, false],
    [giteaWebhooks, { 'x-gitea-signature': signature }, true],
    [giteaWebhooks, { 'x-gitea-signature': `${signature}00` }, false],
    [gitlabWebhooks, { 'x-gitlab-token': 'secret' }, true],
    [gitlabWebhooks, { 'x-gitlab-token': 'secre' }, false],
    [gitlabWebhooks, {}, false],
  ];
  for (const [dialect, headers, expected] of rows)
    assert.equal(dialect.verify(new Headers(headers), body, 'secret'), expected, JSON.stringify(headers));
  assert.equal(
    githubWebhooks.verify(
      new Headers({ 'x-hub-signature-256': `sha256=${signature}` }),
      Buffer.from('{"é": 2}'),
      'secret',
    ),
    false,
  );
});

test('reads the deliveries of GitLab as its documentation shows them', () => {
  const project = { path_with_namespace: 'shop/estate' };
  const repository = 'shop/estate';
  const head = 'da1560886d4f094c3e6c9ef40349f7d38b5d27d7';
  const attributes = {
    ...{ iid: 1, target_branch: 'main', last_commit: { id: head } },
    ...{ source_branch: 'topic', source_project_id: 7, target_project_id: 7 },
  };
  const request = (more: object) =>
    gitlabWebhooks.parse('Merge Request Hook', { project, object_attributes: { ...attributes, ...more } });
  const change = { repository, kind: 'change', change: '1', head, base: 'main', branch: 'topic' };
  assert.deepEqual(request({ action: 'open' }), change);
  assert.deepEqual(request({ action: 'open', source_project_id: 8 }), { ...change, branch: undefined });
  const push = (ref: string, after: string) => gitlabWebhooks.parse('Push Hook', { project, ref, after });
  assert.deepEqual(push('refs/heads/topic', head), { repository, kind: 'pushed', branch: 'topic', head });
  assert.deepEqual(push('refs/heads/topic', '0'.repeat(40)), { repository, kind: 'look' });
  assert.deepEqual(request({ action: 'update', oldrev: 'e'.repeat(40) }), change);
  assert.deepEqual(request({ action: 'update' }), { repository, kind: 'look' });
  const note = (more: object, merge_request: object | undefined = { iid: 1 }) =>
    gitlabWebhooks.parse('Note Hook', {
      ...{ project, user: { username: 'ada' }, merge_request },
      object_attributes: { id: 9, note: '/preview', noteable_type: 'MergeRequest', ...more },
    });
  const said = { repository, kind: 'comment', change: '1', comment: '9', author: 'ada', text: '/preview' };
  assert.deepEqual(note({ action: 'create' }), said);
  assert.deepEqual(note({}), said);
  assert.equal(note({ action: 'update' }).kind, 'ignored');
  assert.equal(note({ noteable_type: 'Issue' }).kind, 'ignored');
  assert.throws(() => request({ last_commit: { id: '; rm -rf /' } }));
});
