import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import type { Forge, Permission } from '../core/forge.ts';
import { COMMENT_MARKER } from '../core/report-text.ts';

/** What people do at a forge, and what they see there: the other side of the port. */
export interface ContractForge {
  /** A client of ours with nothing remembered, as after a restart. */
  open(): Forge;
  /** A branch with a commit of its own, pushed. Returns the commit. */
  pushed(branch: string): Promise<string>;
  statuses(commit: string): Promise<Readonly<Record<string, { readonly state: string; readonly text: string }>>>;
  /** Our comment and those of others on a change, oldest first. */
  comments(change: string, commit: string): Promise<readonly { readonly id: string; readonly text: string }[]>;
  /** The head of the base branch. */
  baseHead(): Promise<string>;
  /** Undefined where there are no accounts: then there are no pull requests either. */
  readonly accounts?: {
    /** An account that is there, and what it may do. */
    grant(account: string, permission: Exclude<Permission, 'none'>): Promise<void>;
    /** Opens a pull request from a fork. */
    proposeFork(account: string): Promise<void>;
    say(change: string, account: string, text: string): Promise<string>;
    deleteComment(change: string, id: string): Promise<void>;
    reactions(change: string, id: string): Promise<readonly string[]>;
    issue(id: string): Promise<{ readonly open: boolean; readonly title: string; readonly text: string }>;
    issueComments(id: string): Promise<readonly string[]>;
    /** Merges a change as a person does. Returns what that put at the end of the base branch. */
    merge(change: string, style: 'merge' | 'squash' | 'rebase'): Promise<string>;
    close(change: string): Promise<void>;
    /** Commits of the base branch that no change brought. */
    strayCommit(): Promise<string>;
  };
  close(): Promise<void>;
}

const marked = (text: string) => `${COMMENT_MARKER}\n${text}`;
const SECOND_MARKER = '<!-- mainstay:outcome -->';

/** Where the tests of one adapter are: each goes on where the one before ended. */
interface Here {
  readonly there: ContractForge;
  readonly forge: Forge;
  change: { readonly name: string; readonly head: string };
}

/** What the port promises. */
const PROMISES: Readonly<Record<string, (here: Here, context: TestContext) => Promise<void>>> = {
  'opens one change of a branch, however often it is asked': async (here) => {
    const { there, forge } = here;
    const head = await there.pushed('replicas');
    const proposed = { branch: 'replicas', title: 'More replicas', text: 'as asked' };
    const opened = await forge.openChange(proposed);
    assert.equal(await there.open().openChange(proposed), opened);
    here.change = { name: opened, head };
  },
  'a status is pending and then final, one per context, shortened and not refused': async (here) => {
    const { there, forge, change } = here;
    const status = { commit: change.head, link: 'https://mainstay.test/changes/1' };
    await forge.setStatus({ ...status, context: 'mainstay', state: 'pending', text: 'looks' });
    assert.equal((await there.statuses(change.head)).mainstay!.state, 'pending');
    await forge.setStatus({ ...status, context: 'mainstay/shop/dev', state: 'success', text: '1 to create' });
    await forge.setStatus({ ...status, context: 'mainstay', state: 'failure', text: 'x'.repeat(400) });
    await forge.setStatus({ ...status, context: 'mainstay', state: 'failure', text: 'x'.repeat(400) });
    const { mainstay, ...others } = await there.statuses(change.head);
    assert.deepEqual([mainstay!.state, Object.keys(others)], ['failure', ['mainstay/shop/dev']]);
    assert.ok(mainstay!.text.startsWith('xxxx'));
  },
  'a comment is edited in place, found again after a restart, and as long as a comment may be': async (here) => {
    const { there, forge, change } = here;
    const put = (by: Forge, text: string) => by.putComment({ change: change.name, commit: change.head, text });
    await put(forge, marked('first'));
    const [first] = await there.comments(change.name, change.head);
    await Promise.all([put(forge, marked('second')), put(forge, marked('third'))]);
    const long = marked('é'.repeat(59_000));
    await put(there.open(), long);
    const comments = await there.comments(change.name, change.head);
    assert.deepEqual(
      comments.map(({ id, text }) => [id, text.trim()]),
      [[first!.id, long]],
    );
  },
  'an outcome has a comment of its own': async (here, context) => {
    const { there, forge, change } = here;
    if (!there.accounts) return context.skip('plain Git has one note per commit, and the outcome is at the merged one');
    const outcome = { change: change.name, commit: change.head, marker: SECOND_MARKER };
    await forge.putComment({ ...outcome, text: `${SECOND_MARKER}\nWaits.` });
    await there.open().putComment({ ...outcome, text: `${SECOND_MARKER}\nRolled out.` });
    const texts = (await there.comments(change.name, change.head)).map(({ text }) => text.split('\n')[1]!.slice(0, 4));
    assert.deepEqual(texts, ['éééé', 'Roll']);
  },
  'a comment of somebody else is none of ours, and one that was deleted is made again': async (here, context) => {
    const { there, change } = here;
    if (!there.accounts) return context.skip('plain Git has no comments of others');
    await there.accounts.grant('mallory', 'read');
    await there.accounts.say(change.name, 'mallory', marked('mine'));
    const restarted = there.open();
    await restarted.putComment({ change: change.name, commit: change.head, text: marked('ours') });
    const texts = async () => (await there.comments(change.name, change.head)).map(({ text }) => text.split('\n')[1]);
    assert.deepEqual(await texts(), ['ours', 'Rolled out.', 'mine']);
    const [ours] = await there.comments(change.name, change.head);
    await there.accounts.deleteComment(change.name, ours!.id);
    await restarted.putComment({ change: change.name, commit: change.head, text: marked('again') });
    assert.deepEqual(await texts(), ['Rolled out.', 'mine', 'again']);
  },
  'lists what is open with all that we go by, on every page, and tells forks': async (here, context) => {
    const { there, forge, change } = here;
    if (!there.accounts) return context.skip('in plain Git every branch is a change');
    for (const branch of ['second', 'third']) {
      await there.pushed(branch);
      await forge.openChange({ branch, title: branch, text: '' });
    }
    await there.accounts.proposeFork('mallory');
    const found = (await forge.proposals!.list()).toSorted((a, b) => Number(a.name) - Number(b.name));
    assert.deepEqual(
      found.map(({ title, fork, base }) => [title, fork, base]),
      [
        ['More replicas', false, 'main'],
        ['second', false, 'main'],
        ['third', false, 'main'],
        ['evil', true, 'main'],
      ],
    );
    assert.equal(found[0]!.head, change.head);
    assert.equal(found.at(-1)!.author, 'mallory');
    assert.match(found[0]!.ref, new RegExp(`^refs/(pull|merge-requests)/${change.name}/head$`));
  },
  'knows what a commenter may do': async (here, context) => {
    const { there, forge } = here;
    if (!there.accounts) return context.skip('plain Git has no accounts');
    const { permissionOf } = forge.proposals!;
    assert.equal(await permissionOf('nobody-at-all'), 'none');
    assert.equal(await permissionOf('mallory'), 'read');
    for (const permission of ['write', 'admin'] as const) {
      await there.accounts.grant('mallory', permission);
      assert.equal(await permissionOf('mallory'), permission);
    }
  },
  'lists what others said on changes since a moment, on every page': async (here, context) => {
    const { there, forge, change } = here;
    if (!there.accounts) return context.skip('plain Git has no comments of others');
    const { commentsSince } = forge.proposals!;
    const before = new Date(Date.now() - 3_600_000);
    const other = (await forge.proposals!.list()).find(({ title }) => title === 'second')!;
    const ids: string[] = [];
    for (const name of [change.name, other.name, change.name])
      ids.push(await there.accounts.say(name, 'mallory', `/preview ${name}`));
    const issue = await forge.putIssue!({ key: 'no change', title: 'An issue', text: 'x' });
    await there.accounts.say(issue, 'mallory', '/approve');
    const found = (await commentsSince(before)).filter(({ id }) => ids.includes(id));
    assert.deepEqual(
      found.map(({ change: on, id, author, text }) => [on, id, author, text]),
      [change.name, other.name, change.name].map((on, index) => [on, ids[index], 'mallory', `/preview ${on}`]),
    );
    const texts = (await commentsSince(before)).map(({ text }) => text);
    assert.ok(!texts.includes('/approve'), 'what is said on an issue is no command');
    assert.ok(!texts.some((text) => text.includes(COMMENT_MARKER) && !text.endsWith('mine')), 'nor is what we say');
    assert.ok(found.every(({ at }) => Math.abs(at.getTime() - Date.now()) < 3_600_000));
    assert.deepEqual(await commentsSince(new Date(Date.now() + 3_600_000)), []);
    await forge.closeIssue!(issue, 'Done.');
  },
  'answers a comment by one emoji, also when asked twice': async (here, context) => {
    const { there, forge, change } = here;
    if (!there.accounts) return context.skip('plain Git has no comments of others');
    const id = await there.accounts.say(change.name, 'mallory', '/preview');
    for (const reaction of ['seen', 'seen', 'done'] as const)
      await forge.proposals!.react({ change: change.name, id }, reaction);
    const [seen, done, ...others] = await there.accounts.reactions(change.name, id);
    assert.deepEqual([seen, others], ['eyes', []]);
    assert.match(done!, /^(\+1|thumbsup)$/);
  },
  'keeps one issue per key, edits it in place, closes it with a word and opens another one then': async (
    here,
    context,
  ) => {
    const { there, forge } = here;
    if (!there.accounts) return context.skip('plain Git has no issues');
    const put = (key: string, text: string, by = forge) => by.putIssue!({ key, title: `Drift: ${key}`, text });
    const dev = await put('dev', 'one');
    const others = [await put('prod', 'x'), await put('test', 'x')];
    assert.equal(await put('dev', 'two', there.open()), dev);
    assert.equal(new Set([dev, ...others]).size, 3);
    const issue = await there.accounts.issue(dev);
    assert.deepEqual([issue.open, issue.title], [true, 'Drift: dev']);
    assert.match(issue.text, /\ntwo$/);
    await forge.closeIssue!(dev, 'It is gone.');
    await there.open().closeIssue!(dev, 'It is gone.');
    assert.equal((await there.accounts.issue(dev)).open, false);
    assert.deepEqual(await there.accounts.issueComments(dev), ['It is gone.']);
    assert.notEqual(await put('dev', 'again'), dev);
  },
  'merges the head that was seen and no other one, and knows how a change ended': async (here, context) => {
    const { there, forge, change } = here;
    await assert.rejects(forge.mergeChange(change.name, '0'.repeat(40)), { kind: 'conflict' });
    await forge.mergeChange(change.name, change.head);
    const merged = await there.baseHead();
    await forge.mergeChange(change.name, change.head);
    assert.equal(await there.baseHead(), merged, 'merged once');
    if (!there.accounts) return context.diagnostic('in plain Git its head is in the base branch then');
    const { proposals } = forge;
    assert.equal(await proposals!.endOf(change.name), 'merged');
    const other = (await proposals!.list()).find(({ title }) => title === 'second')!;
    assert.equal(await proposals!.endOf(other.name), 'open');
    await there.accounts.close(other.name);
    assert.equal(await proposals!.endOf(other.name), 'closed');
    assert.equal(await proposals!.endOf('987654'), 'closed');
  },
  'knows whose a commit of the base branch is, by a merge, a squash or a rebase': async (here, context) => {
    const { there, forge } = here;
    if (!there.accounts) return context.skip('plain Git tells it by trees (runner/workflows/merged-changes.ts)');
    const stray = await there.accounts.strayCommit();
    assert.deepEqual(await forge.proposals!.mergedBy(stray), []);
    for (const style of ['merge', 'squash', 'rebase'] as const) {
      const head = await there.pushed(`by-${style}`);
      const opened = await forge.openChange({ branch: `by-${style}`, title: style, text: '' });
      assert.deepEqual(await forge.proposals!.mergedBy(head), [], 'it is open still');
      const commit = await there.accounts.merge(opened, style);
      assert.deepEqual(await forge.proposals!.mergedBy(commit), [opened], style);
    }
  },
};

/** Runs what the port promises on an adapter. */
export function testForge(name: string, start: () => Promise<ContractForge>): void {
  let here: Here;
  before(async () => {
    const there = await start();
    here = { there, forge: there.open(), change: { name: '', head: '' } };
  });
  after(() => here?.there.close());
  for (const [promise, holds] of Object.entries(PROMISES))
    test(`${name}: ${promise}`, (context) => holds(here, context));
}
