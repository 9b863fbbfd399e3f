import assert from 'node:assert/strict';
import { test } from 'node:test';
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
