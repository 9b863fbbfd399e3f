import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import type { Clock } from '../../foundation/clock.ts';
import type { ErrorKind } from '../../foundation/errors.ts';
import type { Forge } from '../core/forge.ts';
import { createGiteaForge } from './gitea/forge.ts';
import { createGitHubForge } from './github/forge.ts';
import { createGitLabForge } from './gitlab/forge.ts';
import { startWireServer, type WireCall, type WireServer } from './wire-server.ts';

/** Waits are written down, not waited for. */
const waits: number[] = [];
const clock: Clock = { now: () => 0, sleep: async (milliseconds) => void waits.push(milliseconds) };

const ADAPTERS: readonly {
  readonly name: string;
  readonly list: string;
  readonly status: string;
  /** `answerWithinMs` is short only where the answer does not come: everything else has all the time that it needs. */
  create(url: string, answerWithinMs?: number): Forge;
}[] = [
  {
    name: 'Gitea',
    list: 'GET /api/v1/repos/o/r/pulls?state=open&limit=50',
    status: 'POST /api/v1/repos/o/r/statuses/c',
    create: (url, within) => createGiteaForge({ ...place(url, within), token: 'a-secret-token' }),
  },
  {
    name: 'GitHub',
    list: 'GET /api/v3/repos/o/r/pulls?state=open&base=main&per_page=100',
    status: 'POST /api/v3/repos/o/r/statuses/c',
    create: (url, within) => createGitHubForge({ ...place(url, within), token: 'a-secret-token' }),
  },
  {
    name: 'GitLab',
    list: 'GET /api/v4/projects/o%2Fr/merge_requests?state=opened&target_branch=main&per_page=100',
    status: 'POST /api/v4/projects/o%2Fr/statuses/c',
    create: (url, within) => createGitLabForge({ ...place(url, within), token: 'a-secret-token' }),
  },
];

function place(url: string, answerWithinMs = 60_000) {
  return { url, repository: 'o/r', base: 'main', clock, answerWithinMs };
}

/** What becomes of a list that is asked for: the answers in turn, and the kind of error if it fails. */
const FAULTS: readonly {
  readonly name: string;
  readonly answers: readonly Omit<WireCall, 'call'>[];
  readonly fails?: { readonly kind: ErrorKind; readonly message: RegExp };
  readonly waits?: readonly number[];
}[] = [
  {
    name: '401: the token is wrong',
    answers: [{ status: 401, answer: { message: 'Bad credentials' } }],
    fails: { kind: 'user', message: /does not take the token: Bad credentials/ },
  },
  {
    name: '403: a right is missing',
    answers: [{ status: 403, answer: { message: 'Forbidden' } }],
    fails: { kind: 'user', message: /lacks the right: Forbidden/ },
  },
  {
    name: '403 with no requests left is a limit, not a right',
    answers: [
      { status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '3' }, answer: {} },
      { answer: [] },
    ],
    waits: [3000],
  },
  {
    name: '404: not there',
    answers: [{ status: 404, answer: { message: 'Not Found' } }],
    fails: { kind: 'user', message: /is not there: Not Found/ },
  },
  {
    name: '422: refused in its own words',
    answers: [{ status: 422, answer: { message: 'Validation Failed' } }],
    fails: { kind: 'user', message: /422 Validation Failed/ },
  },
  {
    name: '429 with Retry-After is waited for',
    answers: [{ status: 429, headers: { 'retry-after': '7' }, answer: {} }, { answer: [] }],
    waits: [7000],
  },
  {
    name: '429 with a long Retry-After passes by itself later',
    answers: [{ status: 429, headers: { 'retry-after': '3600' }, answer: {} }],
    fails: { kind: 'transient', message: /no more requests/ },
  },
  {
    name: '500 is tried three times',
    answers: [{ status: 500 }, { status: 502, answer: '<html>' }, { status: 500 }],
    fails: { kind: 'transient', message: /it failed .*500/ },
    waits: [250, 1000],
  },
  { name: '500 once is nothing', answers: [{ status: 500 }, { answer: [] }], waits: [250] },
  {
    name: 'a slow answer is none',
    answers: [{ fault: 'slow' }, { fault: 'slow' }, { fault: 'slow' }],
    fails: { kind: 'transient', message: /does not answer/ },
    waits: [250, 1000],
  },
  {
    name: 'half an answer is asked for again',
    answers: [{ answer: ['x'.repeat(900)], fault: 'half' }, { answer: [] }],
    waits: [250],
  },
  {
    name: 'an answer that is no JSON passes',
    answers: [{ answer: '<html>a proxy</html>' }],
    fails: { kind: 'transient', message: /is no JSON/ },
  },
  {
    name: 'an answer of another shape passes',
    answers: [{ answer: [{ nothing: true }] }],
    fails: { kind: 'transient', message: /not what its API says/ },
  },
  {
    name: 'a redirect is not followed with our token',
    answers: [{ status: 302, headers: { location: 'https://elsewhere.example' } }],
    fails: { kind: 'user', message: /somewhere else: https:\/\/elsewhere\.example/ },
  },
  {
    name: 'a next page of another server is not asked for',
    answers: [{ answer: [], headers: { link: '<https://elsewhere.example/x>; rel="next"' } }],
    fails: { kind: 'user', message: /another server: elsewhere\.example/ },
  },
];

for (const adapter of ADAPTERS)
  describe(`${adapter.name} in trouble`, () => {
    let wire: WireServer;
    let forge: Forge;
    before(async () => {
      wire = await startWireServer();
      forge = adapter.create(wire.url);
    });
    afterEach(() => wire.verify());
    after(() => wire.close());

    for (const fault of FAULTS)
      test(fault.name, async () => {
        waits.length = 0;
        wire.expect(...fault.answers.map((answer) => ({ ...answer, call: adapter.list })));
        const slow = fault.answers.some((answer) => answer.fault === 'slow');
        const asked = (slow ? adapter.create(wire.url, 250) : forge).proposals!.list();
        if (fault.fails)
          await assert.rejects(asked, (error: Error & { kind?: string }) => {
            assert.equal(error.kind, fault.fails!.kind);
            assert.match(error.message, fault.fails!.message);
            assert.doesNotMatch(error.message, /a-secret-token/);
            return true;
          });
        else assert.deepEqual(await asked, []);
        assert.deepEqual(waits, fault.waits ?? []);
      });

    test('what makes something is not sent twice where its answer is lost', async () => {
      const status = { commit: 'c', context: 'mainstay', state: 'pending' as const, text: '', link: undefined };
      const lost: readonly Omit<WireCall, 'call'>[] = [{ status: 500 }, { fault: 'half' }, { fault: 'slow' }];
      for (const answer of lost) {
        wire.expect({ ...answer, call: adapter.status });
        const asked = answer.fault === 'slow' ? adapter.create(wire.url, 250) : forge;
        await assert.rejects(asked.setStatus(status), { kind: 'transient' });
      }
    });
  });
