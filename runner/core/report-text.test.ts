import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PlannedStep } from './planned-step.ts';
import { COMMENT_MARKER, commentOf, verdictOf } from './report-text.ts';
import type { Outcome, Run } from './run.ts';

const change = { name: 'x', head: 'a'.repeat(40), merge: 'b'.repeat(40), problem: undefined };

function stepOf(operation: string, name: string, changes: PlannedStep['changes'] = []): PlannedStep {
  return { operation, urn: `urn:pulumi:dev::shop::t::${name}`, type: 't', changes, replacedBy: [], protected: false };
}

function runOf(steps: readonly PlannedStep[], more: Partial<Run> = {}): Run {
  const outcome: Outcome = {
    ...{ result: 'succeeded', counts: {}, steps, diagnostics: [], problem: undefined, digest: 'd', fingerprints: [] },
    ...{ references: [], outputs: {}, engine: 'embedded', sandbox: false, milliseconds: 1 },
  };
  return {
    ...{
      id: 'p-1',
      repository: 'r',
      stack: 'shop/dev',
      kind: 'preview',
      state: 'succeeded',
      summary: 's',
      change: 'r/x',
      rollout: undefined,
    },
    ...{
      commit: 'b'.repeat(40),
      reasons: [],
      outcome,
      attempt: 1,
      createdAt: new Date(),
      startedAt: undefined,
      endedAt: undefined,
    },
    ...more,
  };
}

test('says the worst first', () => {
  const verdict = (...runs: readonly Run[]) => verdictOf({ change, runs, untouched: 0, removed: [], link: undefined });
  const deleting = runOf([stepOf('delete', 'db')]);
  const failed = runOf([], { state: 'failed', stack: 'shop/prod' });
  assert.equal(verdict(), 'Changes no stack.');
  assert.equal(verdict(runOf([stepOf('same', 'a')])), 'Changes nothing that runs.');
  assert.equal(verdict(runOf([stepOf('update', 'a')])), 'Changes shop/dev.');
  assert.equal(verdict(runOf([stepOf('update', 'a')]), deleting), 'Deletes or replaces resources in shop/dev.');
  assert.equal(verdict(deleting, failed), 'The preview of shop/prod failed.');
});

test('cuts property diffs that are too long, and never deletes or errors', () => {
  const long = Array.from({ length: 40 }, (_, index) =>
    runOf(
      [
        stepOf('delete', `lost-${index}`),
        stepOf(
          'update',
          `much-${index}`,
          [{ path: 'p', kind: 'update', before: 'x'.repeat(190), after: 'y'.repeat(190) }].flatMap((one) =>
            Array(20).fill(one),
          ),
        ),
      ],
      {
        stack: `shop/${index}`,
      },
    ),
  );
  const broken = runOf([], { state: 'failed', summary: 'no such region: atlantis', stack: 'shop/broken' });
  const comment = commentOf({ change, runs: [...long, broken], untouched: 3, removed: [], link: 'http://127.0.0.1/x' });
  assert.ok(comment.startsWith(COMMENT_MARKER));
  assert.ok(comment.length < 65_536, String(comment.length));
  for (let index = 0; index < 40; index += 1) assert.match(comment, new RegExp(`- - t lost-${index}\\n`));
  assert.match(comment, /no such region: atlantis/);
  assert.match(comment, /sections left out/);
});

test('keeps what a program says inside its fence and its cell', () => {
  const evil = '```\n<script>alert(1)</script> | x';
  const comment = commentOf({
    change,
    runs: [runOf([], { state: 'failed', summary: evil })],
    untouched: 0,
    removed: [],
    link: undefined,
  });
  assert.match(comment, /\n````\n```\n<script>/);
  assert.match(comment, /\| ``` &lt;script>alert\(1\)&lt;\/script> \\\| x \|/);
});

const word = fc.string({
  minLength: 1,
  maxLength: 30,
  unit: fc.constantFrom('a', 'b', '-', '`', '|', '<', 'é', '😀', ' '),
});
const anyRun = fc.record({
  stack: fc.string({ minLength: 1, maxLength: 40, unit: fc.constantFrom('a', 'b', 'c', '-', '/') }),
  deletes: fc.integer({ min: 0, max: 1200 }),
  updates: fc.integer({ min: 0, max: 60 }),
  errors: fc.array(
    fc.oneof(word, fc.constant('e'.repeat(70_000)), fc.constant('line\n'.repeat(4000)), fc.constant('`'.repeat(500))),
    { maxLength: 3 },
  ),
  value: fc.oneof(word, fc.constant('v'.repeat(5000))),
});

/** A report of such runs, and every line in it that must not be cut. */
function reportOf(rows: readonly (typeof anyRun extends fc.Arbitrary<infer T> ? T : never)[]) {
  const must: string[] = [];
  const runs = rows.map(({ stack, deletes, updates, errors, value }, at) => {
    const steps = [
      ...Array.from({ length: deletes }, (_, index) => stepOf(index % 3 ? 'delete' : 'replace', `lost-${at}-${index}`)),
      ...Array.from({ length: updates }, (_, index) =>
        stepOf('update', `kept-${at}-${index}`, [{ path: 'x', kind: 'update', before: value, after: 'y' }]),
      ),
    ];
    for (let index = 0; index < deletes; index += 1) must.push(`- ${index % 3 ? '-' : '±'} t lost-${at}-${index}`);
    for (const error of errors) must.push(...error.trim().split('\n'));
    const run = runOf(steps, { stack, state: errors.length > 0 ? 'failed' : 'succeeded', summary: 'x'.repeat(300) });
    const diagnostics = errors.map((message) => ({ severity: 'error' as const, message, urn: undefined }));
    return { ...run, outcome: { ...run.outcome!, diagnostics } as Outcome };
  });
  return { must, report: { change, runs, untouched: 3, removed: [], link: 'https://mainstay.test/changes/x' } };
}

test('never cuts a delete or an error while anything else can be cut, says how many where it must, and fits in every forge', () => {
  fc.assert(
    fc.property(fc.array(anyRun, { maxLength: 12 }), (rows) => {
      const { must, report } = reportOf(rows);
      const comment = commentOf(report);
      // 60,000 of GitHub's 65,536.
      assert.ok(comment.length <= 60_500, String(comment.length));
      assert.ok(comment.startsWith(COMMENT_MARKER) && comment.endsWith('[details](https://mainstay.test/changes/x)'));
      const there = new Set(comment.split('\n'));
      const missing = must.filter((line) => !there.has(line));
      const said = Number(/\*\*(\d+) more lines about what fails/.exec(comment)?.[1] ?? 0);
      if (missing.length > 0)
        assert.ok(said >= new Set(missing).size, `${missing.length} are missing and ${said} are said to be`);
      // What fits does fit: less than half of the room is no reason to cut.
      const size = must.reduce((sum, line) => sum + line.length + 3, 0) + rows.length * 1000;
      if (size < 30_000) assert.deepEqual(missing, []);
    }),
    { numRuns: 60 },
  );
});
