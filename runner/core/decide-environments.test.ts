import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decideEnvironments,
  type EnvironmentFacts,
  type EnvironmentVerdict,
  environmentOf,
  type KnownChange,
} from './decide-environments.ts';
import { type EnvironmentWish, isThere, type PreviewEnvironment } from './preview-environment.ts';
import { previewEnvironmentSettings } from './preview-environment-settings.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 21);

const template = (settings: object = {}) => ({
  stack: 'shop/dev',
  project: 'shop',
  settings: previewEnvironmentSettings.parse({ stack: 'dev', ...settings }),
});
const change = (patch: Partial<KnownChange> = {}): KnownChange => ({
  ...{ id: 'estate/12', name: '12', state: 'open', head: 'h1', merge: 'm1', problem: undefined, allowed: true },
  ...{ pushedAt: new Date(NOW - DAY), affects: ['shop/dev'], ...patch },
});
const environment = (patch: Partial<PreviewEnvironment> = {}): PreviewEnvironment => ({
  ...{
    repository: 'estate',
    stack: 'shop/pr-12',
    template: 'shop/dev',
    change: 'estate/12',
    state: 'ready',
    summary: '',
  },
  ...{ commit: 'm1', settings: template().settings, run: 'e-1', turns: 1, claimed: true, outputs: {}, sandbox: false },
  ...{ unclear: false, failures: 0, againAt: undefined, expiresAt: new Date(NOW + 2 * DAY) },
  ...{ turnedAt: new Date(NOW - DAY), updatedAt: new Date(NOW - DAY), ...patch },
});
const wish = (patch: Partial<EnvironmentWish> = {}): EnvironmentWish => ({
  ...{ change: 'estate/12', repository: 'estate', head: '', asked: 'up', askedAt: new Date(NOW - 1000), by: 'ada' },
  ...patch,
});
const facts = (patch: Partial<EnvironmentFacts> & { readonly wish?: EnvironmentWish } = {}): EnvironmentFacts => ({
  ...{ now: NOW, templates: [template()], changes: [change()], environments: [], own: new Set(['shop/dev']) },
  ...{ wishes: new Map(patch.wish ? [[patch.wish.change, patch.wish]] : []), ...patch },
});
/** `make`, `remove: why`, `say: what`: what is decided of the only environment. */
const decided = (given: Parameters<typeof facts>[0]): string => {
  const [verdict, ...more] = decideEnvironments(facts(given));
  assert.deepEqual(more, []);
  if (!verdict) return 'nothing';
  return verdict.kind === 'remove'
    ? `remove: ${verdict.why}`
    : verdict.kind === 'say'
      ? `say: ${verdict.text}`
      : verdict.kind;
};

test('which changes get one', () => {
  const cases: readonly (readonly [string, Parameters<typeof facts>[0], RegExp])[] = [
    ['one that affects the template', {}, /^make$/],
    ['one that does not', { changes: [change({ affects: [] })] }, /^nothing$/],
    ['all', { changes: [change({ affects: [] })], templates: [template({ for: 'all' })] }, /^make$/],
    ['asked for, and nobody has', { templates: [template({ for: 'asked' })] }, /^nothing$/],
    ['asked for', { templates: [template({ for: 'asked' })], wish: wish() }, /^make$/],
    ['one that affects nothing and is asked for', { changes: [change({ affects: [] })], wish: wish() }, /^make$/],
    ['one that somebody does not want', { wish: wish({ asked: 'down' }) }, /^nothing$/],
    ["a stranger's", { changes: [change({ allowed: false })] }, /^say: waits for a maintainer to read h1/],
    ["a stranger's that was named", { changes: [change({ allowed: false })], wish: wish({ head: 'h1' }) }, /^make$/],
    [
      "a stranger's newer head",
      { changes: [change({ allowed: false, head: 'h2' })], wish: wish({ head: 'h1' }) },
      /^say: waits for a maintainer to read h2/,
    ],
    ['one that conflicts', { changes: [change({ merge: undefined, problem: 'x' })] }, /^say: waits for a commit/],
    ['one whose name is taken', { own: new Set(['shop/pr-12']) }, /^say: is left alone as the repository has a stack/],
    ['an old one', { changes: [change({ pushedAt: new Date(NOW - 4 * DAY) })] }, /^nothing$/],
    ['an old one that is asked for', { changes: [change({ pushedAt: new Date(0) })], wish: wish() }, /^make$/],
    ['one that is closed', { changes: [change({ state: 'closed' })] }, /^nothing$/],
  ];
  for (const [what, given, expected] of cases) assert.match(decided(given), expected, what);
});

test('what becomes of one that is there', () => {
  const at = (patch: Partial<PreviewEnvironment>) => ({ environments: [environment(patch)] });
  const cases: readonly (readonly [string, Parameters<typeof facts>[0], RegExp])[] = [
    ['as it should be', at({}), /^nothing$/],
    ['being made', at({ state: 'making' }), /^nothing$/],
    ['a newer commit', at({ commit: 'm0' }), /^make$/],
    ['a newer commit while it is made', at({ commit: 'm0', state: 'making' }), /^make$/],
    ['other settings', at({ settings: template({ config: { 'a:b': 1 } }).settings }), /^make$/],
    ['other credentials', at({ settings: template({ credentials: 'x' }).settings }), /^make$/],
    ['another life', at({ settings: template({ expiresAfter: '1d' }).settings }), /^nothing$/],
    ['failed', at({ state: 'failed' }), /^nothing$/],
    ['failed, and asked for again', { ...at({ state: 'failed' }), wish: wish() }, /^make$/],
    ['merged', { ...at({}), changes: [change({ state: 'merged' })] }, /^remove: its change is merged$/],
    ['its change is not known any more', { ...at({}), changes: [] }, /^remove: its change is closed$/],
    ['no settings', { ...at({}), templates: [] }, /^remove: mainstay.yaml/],
    [
      'another name',
      { ...at({ stack: 'shop/old-12' }), templates: [template({ for: 'asked' })] },
      /^remove: mainstay.yaml/,
    ],
    [
      'old',
      { ...at({}), changes: [change({ pushedAt: new Date(NOW - 3 * DAY) })] },
      /^remove: nothing was pushed for 3d$/,
    ],
    ['affects the template no more', { ...at({}), changes: [change({ affects: [] })] }, /^nothing$/],
    ['not wanted', { ...at({}), wish: wish({ asked: 'down' }) }, /^remove: ada asked for that$/],
    ['being made, and not wanted', { ...at({ state: 'making' }), changes: [change({ state: 'closed' })] }, /^remove/],
    ['being destroyed', { ...at({ state: 'removing' }), changes: [change({ state: 'closed' })] }, /^nothing$/],
    ['being destroyed, and wanted again', at({ state: 'removing' }), /^nothing$/],
    ['destroyed, and wanted again', at({ state: 'removed', commit: undefined }), /^make$/],
    [
      'stuck, before its time',
      { ...at({ state: 'stuck', againAt: new Date(NOW + 1) }), changes: [change({ state: 'closed' })] },
      /^nothing$/,
    ],
    ['stuck', { ...at({ state: 'stuck', againAt: new Date(NOW) }), changes: [change({ state: 'closed' })] }, /^remove/],
    [
      'stuck, and asked for',
      { ...at({ state: 'stuck', againAt: new Date(NOW + 1) }), wish: wish({ asked: 'down' }) },
      /^remove/,
    ],
    [
      'stuck after its change was closed, and asked for',
      {
        ...at({ state: 'stuck', againAt: new Date(NOW + 1) }),
        changes: [change({ state: 'closed' })],
        wish: wish({ asked: 'down' }),
      },
      /^remove/,
    ],
    [
      'a stack of the repository by now, and closed',
      { ...at({}), own: new Set(['shop/pr-12']), changes: [change({ state: 'closed' })] },
      /^say: is left alone/,
    ],
    ['waiting for nothing', { ...at({ state: 'waiting' }), changes: [change({ state: 'closed' })] }, /^forget$/],
    [
      'long gone',
      { ...at({ state: 'removed', updatedAt: new Date(NOW - 8 * DAY) }), changes: [change({ state: 'closed' })] },
      /^forget$/,
    ],
  ];
  for (const [what, given, expected] of cases) assert.match(decided(given), expected, what);
});

const states = ['waiting', 'making', 'ready', 'failed', 'removing', 'stuck', 'removed'] as const;
const time = fc.integer({ min: -10, max: 3 }).map((days) => new Date(NOW + days * DAY));
const NAMES = ['1', '2', 'a/b'];
const anyChange = fc.record({
  name: fc.constantFrom(...NAMES),
  state: fc.constantFrom('open' as const, 'open' as const, 'merged' as const, 'closed' as const),
  head: fc.constantFrom('h1', 'h2'),
  merge: fc.option(fc.constantFrom('m1', 'm2'), { nil: undefined }),
  problem: fc.option(fc.constant('conflict'), { nil: undefined, freq: 5 }),
  allowed: fc.boolean(),
  pushedAt: fc.option(time, { nil: undefined }),
  affects: fc.subarray(['shop/dev', 'shop/prod']),
});
const anyTemplate = (stack: string, name: string) =>
  fc
    .record({ for: fc.constantFrom('all', 'affected', 'asked'), atMost: fc.integer({ min: 1, max: 2 }) })
    .map((settings) => ({ ...template({ ...settings, name }), stack }));
const anyFacts = fc.record({
  changes: fc.uniqueArray(anyChange, { selector: ({ name }) => name, maxLength: 3 }),
  templates: fc
    .tuple(anyTemplate('shop/dev', 'pr-${change}'), anyTemplate('shop/prod', 'p-${change}'))
    .chain((both) => fc.subarray(both)),
  environments: fc.uniqueArray(
    fc.record({
      stack: fc.constantFrom('shop/pr-1', 'shop/pr-2', 'shop/p-1', 'shop/old-1'),
      template: fc.constantFrom('shop/dev', 'shop/prod'),
      change: fc.constantFrom('estate/1', 'estate/2', 'estate/9'),
      state: fc.constantFrom(...states),
      commit: fc.constantFrom('m1', 'm2'),
      againAt: fc.option(time, { nil: undefined }),
      turnedAt: time,
      updatedAt: time,
    }),
    { selector: ({ stack }) => stack, maxLength: 4 },
  ),
  wishes: fc.uniqueArray(
    fc.record({
      change: fc.constantFrom<string>('estate/1', 'estate/2'),
      asked: fc.constantFrom('up' as const, 'down' as const),
      head: fc.constantFrom('', 'h1'),
      askedAt: time,
    }),
    { selector: ({ change: id }) => id },
  ),
});

/** As the runner carries a verdict out. */
function after(before: PreviewEnvironment | undefined, verdict: EnvironmentVerdict): PreviewEnvironment | undefined {
  const at = { turnedAt: new Date(NOW + 4 * DAY), updatedAt: new Date(NOW) };
  switch (verdict.kind) {
    case 'make': {
      const { stack, change: of, commit, expiresAt, template: made } = verdict;
      const { settings } = made;
      return environment({
        ...{ stack, change: of, commit, expiresAt, settings, ...at },
        template: made.stack,
        state: 'making',
      });
    }
    case 'remove':
      return { ...before!, state: 'removing', ...at };
    case 'say': {
      const { text, expiresAt, stack, template: of, change: whose } = verdict;
      if (before) return { ...before, summary: text ?? before.summary, expiresAt };
      return environment({
        stack,
        template: of,
        change: whose,
        state: 'waiting',
        summary: text!,
        expiresAt,
        run: undefined,
      });
    }
    case 'forget':
      return undefined;
  }
}

function carry(stacks: Map<string, PreviewEnvironment>, verdict: EnvironmentVerdict): void {
  const known = environmentOf([...stacks.values()], verdict);
  const next = after(known, verdict);
  if (next) stacks.set(verdict.stack, next);
  else if (known && !isThere(known)) stacks.delete(verdict.stack);
}

test('once it is carried out there is nothing more to do, nothing of a stranger runs, and there are no more than may be', () => {
  fc.assert(
    fc.property(anyFacts, (given) => {
      const wishes = new Map(given.wishes.map((each) => [each.change, wish(each)]));
      const changes = given.changes.map((each) => change({ ...each, id: `estate/${each.name}` }));
      let now = facts({ ...given, changes, wishes, environments: given.environments.map(environment) });
      const verdicts = decideEnvironments(now);
      for (const verdict of verdicts) {
        const known = now.environments.find(({ stack }) => stack === verdict.stack);
        if (verdict.kind === 'forget') assert.equal(isThere(known!), false, 'only what is not there is forgotten');
        if (verdict.kind !== 'make') continue;
        const of = changes.find(({ id }) => id === verdict.change)!;
        assert.ok(of.state === 'open' && of.problem === undefined && of.merge === verdict.commit);
        assert.ok(of.allowed || wishes.get(of.id)?.head === of.head, 'a head that nobody allowed');
        assert.ok(!known || known.change === of.id || !isThere(known), 'that of another change');
      }
      const before = now.environments;
      const stacks = new Map(before.map((each) => [each.stack, each]));
      // What waits for a name that something else has to leave first comes in the next round.
      for (const round of [verdicts, undefined, undefined]) {
        for (const verdict of round ?? decideEnvironments(now)) carry(stacks, verdict);
        now = { ...now, environments: [...stacks.values()] };
      }
      for (const { stack, settings } of now.templates) {
        const count = (all: Iterable<PreviewEnvironment>) =>
          [...all].filter((each) => each.template === stack && isThere(each)).length;
        assert.ok(count(stacks.values()) <= Math.max(settings.atMost, count(before)));
      }
      assert.deepEqual(decideEnvironments(now), []);
    }),
    { numRuns: 3000 },
  );
});
