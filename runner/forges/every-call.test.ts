import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Clock } from '../../foundation/clock.ts';
import { type ErrorKind, isMainstayError } from '../../foundation/errors.ts';
import type { Forge } from '../core/forge.ts';
import { COMMENT_MARKER } from '../core/report-text.ts';
import { createGiteaForge } from './gitea/forge.ts';
import { createGitHubForge } from './github/forge.ts';
import { createGitLabForge } from './gitlab/forge.ts';
import { startGitLabWire } from './wire/gitlab-wire.ts';
import { startGiteaWire, startGitHubWire } from './wire/hub-wire.ts';
import type { WireFault, WireForge } from './wire/wire-forge.ts';
import type { WireState } from './wire/wire-state.ts';

/**
 * Every call of every adapter meets every fault at each of its requests. It fails as an error of the closed set or does what it is asked, and asked again
 * once the forge is back it leaves the forge as if nothing had been.
 */
const clock: Clock = { now: () => 0, sleep: async () => {} };
const token = 'a-secret-token';
type Place = Parameters<typeof createGiteaForge>[0];

const ADAPTERS: readonly {
  readonly name: string;
  start(): Promise<WireForge>;
  create(place: Place): Forge;
}[] = [
  { name: 'Gitea', start: startGiteaWire, create: createGiteaForge },
  { name: 'GitHub', start: startGitHubWire, create: createGitHubForge },
  { name: 'GitLab', start: startGitLabWire, create: createGitLabForge },
];

const text = `${COMMENT_MARKER}\nnew`;
const status = { commit: 'c', context: 'mainstay', state: 'success' as const, text: 'fine', link: undefined };

/** The calls of the port, on a forge with one open pull request, comments on it and issues. */
const CALLS: Readonly<Record<string, (forge: Forge) => Promise<unknown>>> = {
  list: (forge) => forge.proposals!.list(),
  endOf: (forge) => forge.proposals!.endOf('1'),
  mergedBy: (forge) => forge.proposals!.mergedBy('merged'),
  permissionOf: (forge) => forge.proposals!.permissionOf('ada'),
  commentsSince: (forge) => forge.proposals!.commentsSince(new Date(0)),
  react: (forge) => forge.proposals!.react({ change: '1', id: '1002' }, 'done'),
  setStatus: (forge) => forge.setStatus(status),
  'putComment, the first': (forge) => forge.putComment({ change: '2', commit: 'c', text }),
  'putComment, edited': (forge) => forge.putComment({ change: '1', commit: 'c', text }),
  'openChange, new': (forge) => forge.openChange({ branch: 'other', title: 'Other', text: '' }),
  'openChange, open': (forge) => forge.openChange({ branch: 'more', title: 'More', text: '' }),
  mergeChange: (forge) => forge.mergeChange('1', 'head'),
  'putIssue, new': (forge) => forge.putIssue!({ key: 'prod', title: 'Drift', text: 'x' }),
  'putIssue, edited': (forge) => forge.putIssue!({ key: 'dev', title: 'Drift', text: 'x' }),
  closeIssue: (forge) => forge.closeIssue!('5', 'Gone.'),
};

function prepare(state: WireState): void {
  assert.equal(state.propose({ branch: 'more', head: 'head' }).number, 1);
  state.say(1, 'ada', '/preview', '2026-01-01T00:00:00Z');
  state.say(1, state.self, `${COMMENT_MARKER}\nold`, '2026-01-01T00:00:00Z');
  state.open('Another', 'not ours to touch');
  assert.equal(state.open('Drift', '<!-- mainstay:issue dev -->\nold').number, 5);
  const merged = state.propose({ branch: 'merged', head: 'was' });
  state.merge(merged.number, 'merged');
  state.permissions.set('ada', 'write');
}

interface Fault {
  readonly faults: readonly WireFault[];
  /** The kind of the error of what may not be repeated, and of the rest. `none`: it is waited for. */
  readonly post: ErrorKind | 'none';
  readonly other: ErrorKind | 'none';
}

const answer = (answered: number, headers: Readonly<Record<string, string>> = {}): WireFault => ({
  ...{ kind: 'answer', status: answered, headers, body: { message: 'it does not want' } },
});
const once = (fault: WireFault, post: Fault['post'], other: Fault['other']): Fault => ({
  faults: [fault],
  post,
  other,
});
const thrice = (fault: WireFault): Fault => ({ faults: [fault, fault, fault], post: 'transient', other: 'transient' });

const FAULTS: Readonly<Record<string, Fault>> = {
  '401': once(answer(401), 'user', 'user'),
  '403': once(answer(403), 'user', 'user'),
  '403, no requests left': once(
    answer(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '3' }),
    'none',
    'none',
  ),
  '403 with Retry-After': once(answer(403, { 'retry-after': '2' }), 'none', 'none'),
  '404': once(answer(404), 'user', 'user'),
  '409': once(answer(409), 'conflict', 'conflict'),
  '422': once(answer(422), 'user', 'user'),
  '429 with Retry-After': once(answer(429, { 'retry-after': '7' }), 'none', 'none'),
  '429 for an hour': once(answer(429, { 'retry-after': '3600' }), 'transient', 'transient'),
  '500 once': once(answer(500), 'transient', 'none'),
  '500 for long': thrice(answer(500)),
  'half an answer once': once({ kind: 'half' }, 'transient', 'none'),
  'half answers': thrice({ kind: 'half' }),
  'no answer': thrice({ kind: 'slow' }),
  elsewhere: once(answer(302, { location: 'https://elsewhere.example' }), 'user', 'user'),
  'a page of a proxy': once(
    { kind: 'answer', status: 200, body: '<html>sign in first</html>' },
    'transient',
    'transient',
  ),
};

/** Where a refusal is an answer as good as another: not there, or looked for anew. */
const TAKEN: readonly (readonly [call: RegExp, fault: RegExp])[] = [
  [/^(endOf|permissionOf|mergedBy)$/, /^404$/],
  // A merge that conflicts is asked about.
  [/^mergeChange$/, /^(404|409)$/],
];

/** What the forge holds, without what counts up by itself. */
function snapshot({ pulls, issues, notes, statuses }: WireState): unknown {
  return structuredClone({
    pulls: pulls.map(({ number, ...pull }) => pull),
    issues: issues.map(({ number, ...issue }) => issue),
    notes: notes.map(({ id, on, at, ...note }) => note),
    statuses: Object.fromEntries(statuses.map((each) => [each.context, each])),
  });
}

async function started(adapter: (typeof ADAPTERS)[number]) {
  const wire = await adapter.start();
  prepare(wire.state);
  const open = (more: Partial<Place> = {}) =>
    adapter.create({ url: wire.url, repository: 'o/r', base: 'main', token, clock, ...more });
  return { wire, open };
}

for (const adapter of ADAPTERS)
  describe(`${adapter.name} meets every fault and goes on when the forge is back`, { concurrency: 4 }, () => {
    for (const [name, call] of Object.entries(CALLS))
      test(name, async () => {
        const { value, expected, requests } = await cleanRun(adapter, call);
        await Promise.all(
          [...requests].flatMap((request) =>
            Object.keys(FAULTS).map((fault) => meet({ adapter, name, request, fault }, { value, expected })),
          ),
        );
      });
  });

interface Outcome {
  readonly value: unknown;
  readonly expected: unknown;
}

async function cleanRun(
  adapter: (typeof ADAPTERS)[number],
  call: (forge: Forge) => Promise<unknown>,
): Promise<Outcome & { readonly requests: ReadonlySet<string> }> {
  const { wire, open } = await started(adapter);
  try {
    const value = await call(open());
    return { value, expected: snapshot(wire.state), requests: new Set(wire.requests) };
  } finally {
    await wire.close();
    wire.verify();
  }
}

async function meet(
  at: {
    readonly adapter: (typeof ADAPTERS)[number];
    readonly name: string;
    readonly request: string;
    readonly fault: string;
  },
  { value, expected }: Outcome,
): Promise<void> {
  const { adapter, name, request, fault } = at;
  const { wire, open } = await started(adapter);
  try {
    const what = `${name}: ${fault} at ${request}`;
    const { faults, post, other } = FAULTS[fault]!;
    // Everything else has all the time that it needs.
    const forge = open(fault === 'no answer' ? { answerWithinMs: 60 } : {});
    wire.fault(request, faults);
    const given = await CALLS[name]!(forge).then(
      () => undefined,
      (error: unknown) => error,
    );
    judge(what, given, { expected: request.startsWith('POST') ? post : other, name, fault });
    wire.clearFaults();
    const again = await CALLS[name]!(fault === 'no answer' ? open() : forge);
    if (typeof value === 'string' || Array.isArray(value)) assert.deepEqual(again, value, what);
    assert.deepEqual(snapshot(wire.state), expected, what);
  } finally {
    await wire.close();
    wire.verify();
  }
}

function judge(
  what: string,
  given: unknown,
  { expected, name, fault }: { readonly expected: ErrorKind | 'none'; readonly name: string; readonly fault: string },
): void {
  if (given === undefined) {
    const taken = TAKEN.some(([call, of]) => call.test(name) && of.test(fault));
    assert.ok(expected === 'none' || taken, `${what} was not said`);
    return;
  }
  assert.ok(isMainstayError(given), `${what}: ${given}`);
  assert.doesNotMatch(given.message, new RegExp(token), what);
  assert.equal(given.kind, expected, `${what}: ${given.message}`);
}
