import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Correction,
  correctionOf,
  correctionVerdict,
  type DriftLook,
  judgeLook,
  staysGentle,
  type TouchedResource,
} from './drift.ts';
import { driftText, recordAfter } from './drift-record.ts';
import { driftSettings } from './drift-settings.ts';
import { managerOf } from './managed-fields.ts';
import type { PlannedStep } from './planned-step.ts';

const urn = (name: string) => `urn:pulumi:dev::shop::kubernetes:apps/v1:Deployment::${name}`;
const TYPE = 'kubernetes:apps/v1:Deployment';
const touched = (name: string, more: Partial<TouchedResource> = {}): TouchedResource => ({
  urn: urn(name),
  type: TYPE,
  gone: false,
  changes: [{ path: 'spec.replicas', kind: 'update', before: 2, after: 5 }],
  managers: {},
  ...more,
});
const step = (name: string, operation = 'update', paths: readonly string[] = ['spec.replicas']): PlannedStep => ({
  operation,
  urn: urn(name),
  type: TYPE,
  changes: paths.map((path) => ({ path, kind: 'update', before: 5, after: 2 })),
  replacedBy: [],
  protected: false,
});
const TODAY = { ignore: [], today: '2026-11-21' };
const judged = (look: DriftLook) => judgeLook(look, TODAY);
const settings = (mode: string, limits = {}) => driftSettings.parse({ mode, limits });
const verdict = (look: DriftLook, more: Partial<Parameters<typeof correctionVerdict>[1]> = {}) =>
  correctionVerdict(judged(look), {
    settings: settings('correct'),
    closed: undefined,
    last: undefined,
    asked: false,
    ...more,
  });

test('reports what the program would put back, and apart what it does not care about and what nobody touched', () => {
  const finding = judged({
    touched: [touched('web'), touched('status')],
    steps: [step('web'), step('random'), step('same', 'same')],
  });
  assert.deepEqual(
    [finding.differences, finding.quiet, finding.pending].map((list) => list.map((each) => each.urn)),
    [[urn('web')], [urn('status')], [urn('random')]],
  );
});

test('a rule hides its fields until the day after its last', () => {
  const rule = { resource: 'web', fields: ['spec.replicas'], owner: 'ada', until: '2026-11-21' };
  const look = { touched: [touched('web')], steps: [step('web', 'update', ['spec.replicas', 'spec.paused'])] };
  const [left] = judgeLook(look, { ignore: [rule], today: '2026-11-21' }).differences;
  assert.deepEqual(
    left!.step.changes.map(({ path }) => path),
    ['spec.paused'],
  );
  const all = judgeLook({ ...look, steps: [step('web')] }, { ignore: [rule], today: '2026-11-21' });
  assert.deepEqual([all.differences.length, all.ignored.length], [0, 1]);
  const later = judgeLook({ ...look, steps: [step('web')] }, { ignore: [rule], today: '2026-11-22' });
  assert.deepEqual([later.differences.length, later.expired], [1, [rule]]);
  const place = { repository: 'r', stack: 'shop/dev', commit: 'c', at: new Date(5), correction: undefined };
  const verdictLeft = { kind: 'leave', why: 'the stack is set to report only', flapping: [] } as const;
  const record = recordAfter(undefined, { ...place, finding: later, verdict: verdictLeft });
  assert.match(record.summary, /^1 resource differs \(the rule of ada for web ended on 2026-11-21\); left/);
  assert.match(driftText(record), /A rule of ada for web ended on 2026-11-21: renew or remove it\./);
});

test('rules match names, types and URNs by globs, and what is below a field', () => {
  const cases: readonly (readonly [resource: string, field: string, path: string, hidden: boolean])[] = [
    ['*', 'spec', 'spec.replicas', true],
    ['*', 'spec', 'specials', false],
    ['kubernetes:*', '*', 'spec.replicas', true],
    ['kubernetes:apps/v1:Deployment', 'metadata.*', 'metadata.labels', true],
    ['we?', 'spec.containers[*].image', 'spec.containers[0].image', true],
    ['web', 'spec.containers', 'spec.containers[0].image', true],
    ['other', '*', 'spec.replicas', false],
    [urn('web'), '*', 'spec.replicas', true],
  ];
  for (const [resource, field, path, hidden] of cases) {
    const rule = { resource, fields: [field], owner: 'ada', until: '2027-01-01' };
    const finding = judgeLook(
      { touched: [touched('web')], steps: [step('web', 'update', [path])] },
      { ignore: [rule], today: '2026-11-21' },
    );
    assert.equal(finding.ignored.length === 1, hidden, `${resource} ${field} ${path}`);
  }
});

test('corrects only in its mode, inside windows and limits', () => {
  const look = {
    touched: [touched('web'), touched('gone', { gone: true })],
    steps: [step('web'), step('gone', 'create', [])],
  };
  assert.deepEqual(verdict(look), { kind: 'correct', targets: [urn('web'), urn('gone')].sort() });
  const left = (more: Parameters<typeof verdict>[1]) => {
    const answer = verdict(look, more);
    return answer.kind === 'leave' ? answer.why : answer.kind;
  };
  assert.match(left({ settings: settings('report') }), /report only/);
  assert.match(left({ closed: 'outside of its windows' }), /outside of its windows/);
  assert.match(left({ settings: settings('correct', { changes: 1 }) }), /2 resources differ, more than the 1/);
  assert.match(left({ settings: settings('correct', { creates: false }) }), /not made again unasked: gone/);
  assert.equal(left({ settings: settings('report'), closed: 'closed', asked: true }), 'correct');
});

test('stops where the same difference came again, and names field and manager', () => {
  const managers = { 'spec.replicas': { manager: 'autoscaler', at: '2026-11-21T08:00:00Z' } };
  const look = { touched: [touched('web', { managers })], steps: [step('web')] };
  const last = { at: '', commit: 'c', fingerprints: judged(look).differences.map(({ fingerprint }) => fingerprint) };
  const answer = verdict(look, { last });
  assert.ok(answer.kind === 'leave' && answer.flapping.length === 1);
  assert.match(answer.why, /came again after it was put back: web spec\.replicas by autoscaler/);
  assert.equal(verdict({ ...look, steps: [step('web', 'update', ['spec.paused'])] }, { last }).kind, 'correct');
});

test('stops where a field comes again and again with another value each time, and says who sets it', () => {
  const managers = { 'spec.replicas': { manager: 'autoscaler', at: undefined } };
  const lookAt = (replicas: number): DriftLook => {
    const changes = [{ path: 'spec.replicas', kind: 'update' as const, before: replicas, after: 2 }];
    return { touched: [touched('web', { managers })], steps: [{ ...step('web'), changes }] };
  };
  let last: Correction | undefined;
  for (const replicas of [3, 4, 5]) {
    assert.equal(verdict(lookAt(replicas), { last }).kind, 'correct', `${replicas}`);
    last = correctionOf(judged(lookAt(replicas)).differences, { at: '', commit: 'c', last });
  }
  const answer = verdict(lookAt(6), { last });
  assert.ok(answer.kind === 'leave' && answer.flapping.length === 1);
  assert.match(answer.why, /came again after it was put back: web spec\.replicas by autoscaler/);
  assert.equal(verdict({ ...lookAt(6), steps: [step('web', 'update', ['spec.paused'])] }, { last }).kind, 'correct');
});

test('never deletes or replaces, asked or not', () => {
  const operations = fc.constantFrom(
    'update',
    'create',
    'delete',
    'replace',
    'create-replacement',
    'delete-replaced',
    'same',
    'read',
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), operations)), fc.boolean(), (drawn, asked) => {
      const steps = drawn.map(([name, operation]) => step(name, operation));
      const look = { touched: drawn.map(([name]) => touched(name)), steps };
      const answer = verdict(look, { asked });
      if (answer.kind === 'leave') return;
      const targeted = steps.filter(({ urn: each }) => answer.targets.includes(each));
      assert.ok(
        targeted.every(
          ({ operation }) => !['delete', 'replace', 'create-replacement', 'delete-replaced'].includes(operation),
        ),
      );
      assert.ok(staysGentle(steps, answer.targets));
    }),
  );
  assert.ok(!staysGentle([step('web', 'replace')], [urn('web')]));
  assert.ok(staysGentle([step('other', 'delete'), step('web')], [urn('web')]));
});

test('knows who set a field last from managedFields, through lists with keys', () => {
  const object = {
    metadata: {
      managedFields: [
        {
          manager: 'mainstay',
          time: '2026-11-21T07:00:00Z',
          fieldsV1: {
            'f:spec': { 'f:replicas': {}, 'f:containers': { 'k:{"name":"x"}': { '.': {}, 'f:image': {} } } },
          },
        },
        { manager: 'kubectl-scale', time: '2026-11-21T08:00:00Z', fieldsV1: { 'f:spec': { 'f:replicas': {} } } },
        { manager: 'set', fieldsV1: { 'f:metadata': { 'f:finalizers': { 'v:"a"': {} } }, 'f:data': {} } },
      ],
      finalizers: ['b', 'a'],
    },
    spec: { replicas: 5, containers: [{ name: 'x', image: 'y' }] },
    data: { a: 1 },
  };
  assert.deepEqual(managerOf(object, ['spec', 'replicas']), { manager: 'kubectl-scale', at: '2026-11-21T08:00:00Z' });
  assert.equal(managerOf(object, ['spec', 'containers', 0, 'image'])?.manager, 'mainstay');
  assert.equal(managerOf(object, ['spec', 'containers', 0, 'ports']), undefined);
  assert.equal(managerOf(object, ['metadata', 'finalizers', 1])?.manager, 'set');
  assert.equal(managerOf(object, ['metadata', 'finalizers', 0]), undefined);
  assert.equal(managerOf(object, ['data', 'a'])?.manager, 'set');
  assert.equal(managerOf({}, ['spec']), undefined);
  assert.equal(managerOf({ metadata: { managedFields: 'x' } }, ['spec']), undefined);
});
