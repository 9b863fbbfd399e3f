import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChangeComment } from '../core/forge.ts';
import type { RepositoryEvent } from '../core/repository-event.ts';
import type { Run } from '../core/run.ts';
import { endedThen, knownThen, refuseOld, refuseUnseen } from './late-comment.ts';
import { readComments } from './read-comments.ts';

const minutes = (count: number) => new Date(Date.parse('2026-01-01T12:00:00Z') + count * 60_000);

/** A forge and a store, in memory. */
function estate(comments: ChangeComment[]) {
  const stored = new Map<string, RepositoryEvent>();
  const received: RepositoryEvent[] = [];
  const asked: Date[] = [];
  let read: Date | undefined;
  const store = {
    events: {
      add: async (event: RepositoryEvent) => !stored.has(event.id) && !!stored.set(event.id, event),
      commentsRead: async () => read,
      setCommentsRead: async (_repository: string, at: Date) => {
        read = at;
      },
    },
  };
  const commentsSince = async (since: Date) => {
    asked.push(since);
    return comments;
  };
  const repository = { id: 'estate', forge: { proposals: { commentsSince } } };
  const receive = async (event: RepositoryEvent) => void received.push(event);
  const look = () => readComments(repository as never, { store: store as never, receive });
  return { look, stored, received, asked, setRead: (at: Date) => (read = at) };
}

const said = (id: string, text: string): ChangeComment => ({ change: '7', id, author: 'ada', text, at: minutes(1) });

test('hands on the commands that nobody told of, each as one event, and nothing else that people say', async () => {
  const { look, stored, received, asked, setRead } = estate([
    said('1', '/approve'),
    said('2', 'Fine.'),
    said('3', '/preview'),
  ]);
  setRead(minutes(0));
  assert.equal(await look(), 2);
  assert.equal(await look(), 0, 'what was there is not new');
  assert.deepEqual(asked[0], minutes(-10), 'it looks back further than it has read');
  assert.deepEqual([...stored.keys()], ['estate/comment/7/1', 'estate/comment/7/3']);
  assert.equal(new Set(received.map(({ id }) => id)).size, 2, 'the same id is handled once');
  const [first] = received;
  assert.equal(first?.kind === 'comment-made' && first.at, minutes(1).toISOString());
});

test('obeys nothing that was written before the first look', async () => {
  const { look, received, asked } = estate([said('1', '/approve')]);
  assert.equal(await look(), 0);
  assert.deepEqual([received, asked], [[], []]);
  assert.equal(await look(), 1, 'it is read from then on');
});

test('refuses a command that is a day old, and says so', () => {
  const clock = { now: () => minutes(0).getTime() } as never;
  refuseOld({ clock }, { at: minutes(-23 * 60).toISOString() });
  refuseOld({ clock }, {});
  assert.throws(
    () => refuseOld({ clock }, { at: minutes(-25 * 60).toISOString() }),
    /while the runner was away.*Say it again/,
  );
});

test('refuses a decision about what was shown only later', async () => {
  const runs = [
    { stack: 'shop/prod', endedAt: minutes(0) },
    { stack: 'shop/dev', endedAt: minutes(30) },
  ];
  const store = { runs: { list: async () => runs } };
  const stages = [{ environment: 'prod', groups: [['shop/prod']] }];
  const waiting = { rollouts: [{ id: 'r', waits: { environment: 'prod' }, stages }], runs: [] };
  const decide = (at: Date | undefined, more: object = {}) =>
    refuseUnseen({ store } as never, { at: at?.toISOString() }, { ...waiting, ...more } as never);
  await decide(undefined);
  await decide(minutes(1));
  // Forges tell whole seconds.
  await decide(new Date(minutes(0).getTime() - 900));
  await assert.rejects(decide(minutes(-1)), /shown after that was written/);
  const update = { runs: [{ startedAt: minutes(5), createdAt: minutes(-5) }] };
  await assert.rejects(decide(minutes(1), update), /shown after that was written/);
});

test('cancels and tries again only what was there then', () => {
  const at = minutes(0).toISOString();
  const runs = [-1, 1].map((count) => ({ createdAt: minutes(count), endedAt: minutes(count) })) as unknown as Run[];
  assert.deepEqual(knownThen({ at }, runs), [runs[0]]);
  assert.deepEqual(endedThen({ at }, [...runs, { endedAt: undefined } as Run]), [runs[0]]);
  assert.deepEqual(knownThen({}, runs), runs);
});
