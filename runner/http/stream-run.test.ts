import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hono } from 'hono';
import type { Run } from '../core/run.ts';
import type { NumberedEvent } from '../core/run-event.ts';
import type { RunStore } from '../core/run-store.ts';
import { streamRun } from './stream-run.ts';

const RUN = { id: 'u-1', state: 'running' } as Run;

/** A run that goes on for ever, and has said one thing about a stack that is hidden. */
const event: NumberedEvent = {
  ...{ number: 1, at: new Date(0) },
  event: { kind: 'log', severity: 'info', text: 'before\nshop/prod' },
};
const runs = {
  get: async () => RUN,
  events: async (_run: string, after: number) => (after < 1 ? [event] : []),
} as unknown as RunStore['runs'];

test('ends, without saying that the run did, once whoever reads may not see it any more', async () => {
  for (const isStillSeen of [async () => false, () => Promise.reject(new Error('signed out'))]) {
    let asked = 0;
    const app = new Hono().get('/', (context) =>
      streamRun(context, {
        ...{ runs, run: RUN, after: 0, follow: true, ending: new AbortController().signal, askAgainMs: 0 },
        veil: (text) => text.replaceAll('shop/prod', '[hidden]'),
        isStillSeen: () => {
          asked += 1;
          return asked < 3 ? Promise.resolve(true) : isStillSeen();
        },
      }),
    );
    const text = await (await app.request('/')).text();
    assert.match(text, /"text":"before\\n\[hidden\]"/);
    assert.doesNotMatch(text, /event: end/);
    assert.equal(asked, 3);
  }
});
