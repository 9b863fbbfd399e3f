import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { type TestContext, test } from 'node:test';
import type { EngineEvent } from '../deploy/events.ts';
import { newResourceState } from '../deploy/resource-state.ts';
import type { Step, StepOp } from '../deploy/step.ts';
import { stepOf } from '../deploy/testing/step-of.ts';
import { goal, TestStack } from '../deploy/testing/test-stack.ts';
import { createColors } from './colors.ts';
import type { DisplayOptions } from './display.ts';
import { ProcessTerminal } from './process-terminal.ts';
import { createTableDisplay } from './table-display.ts';
import { plainOptions } from './testing/display-options.ts';
import { Screen } from './testing/screen.ts';
import { typeName } from './type-name.ts';

const root = 'urn:pulumi:dev::project::pulumi:pulumi:Stack::project-dev';

/** A terminal of a size, a clock that stands still, and a display on them. */
function bench(
  t: TestContext,
  more: Partial<DisplayOptions> & { readonly columns?: number; readonly rows?: number } = {},
) {
  const { columns = 100, rows = 40 } = more;
  t.mock.timers.enable({ apis: ['setInterval'] });
  const screen = new Screen(columns);
  const stdout = Object.assign(new EventEmitter(), {
    isTTY: true,
    columns,
    rows,
    write: (text: string) => screen.write(text),
  });
  const streams = { stdin: { isTTY: true }, stdout, stderr: stdout, term: 'xterm' };
  const terminal = new ProcessTerminal(streams as never);
  const clock = { now: 0 };
  const display = createTableDisplay(
    {
      write: (text) => terminal.write(text),
      live: terminal.live!,
      mask: (text) => text.replaceAll('hunter2', '[secret]'),
      now: () => clock.now,
      emoji: false,
    },
    createColors(false),
    { ...plainOptions, ...more },
  );
  const tick = (milliseconds: number) => {
    clock.now += milliseconds;
    t.mock.timers.tick(milliseconds);
  };
  return { screen, stdout, terminal, display, tick };
}

function step(op: StepOp, name: string, parent = root, type = 'test:index:Thing'): Step {
  const urn = name === 'project-dev' ? root : `urn:pulumi:dev::project::${type}::${name}`;
  const state = newResourceState({ urn, type, custom: true, parent: name === 'project-dev' ? '' : parent });
  return stepOf(op, op === 'create' ? undefined : state, op === 'delete' ? undefined : state);
}

const begin = (which: Step): EngineEvent => ({ kind: 'resource-pre', step: which, planning: false });
const end = (which: Step): EngineEvent => ({ kind: 'resource-outputs', step: which, planning: false });
const say = (message: string, urn: string, severity: 'info' | 'error' = 'info'): EngineEvent => ({
  kind: 'diagnostic',
  diagnostic: { severity, message, urn },
});

test('shows what runs, in a tree, and draws it anew in its place', (t) => {
  const { screen, display, tick } = bench(t);
  const group = step('same', 'group', root, 'my:index:Group');
  const first = step('create', 'first', group.urn);
  for (const event of [begin(step('same', 'project-dev')), begin(group), end(group), begin(first)]) display.show(event);
  display.show(begin(step('same', 'unchanged')));
  tick(3000);
  const running = `Updating (dev):

     Type                    Name         Status
     pulumi:pulumi:Stack     project-dev  running
     └─ my:index:Group       group
 +      └─ test:index:Thing  first        creating (3s)

@ Updating.... (3s, 1 running)`;
  assert.equal(screen.text.replace(/\.{1,4} +\(/, '.... ('), running);
  assert.equal(screen.cursorHidden, true);

  display.show(end(first));
  display.show(begin(step('delete', 'last')));
  display.show(say('nearly there\nand more', step('delete', 'last').urn));
  tick(1000);
  assert.match(
    screen.text,
    /├─ my:index:Group .*\n \+ {3}│ {2}└─ test:index:Thing +first +created \(3\.00s\)\n - {3}└─ .*deleting \(1s\) +nearly there\n/,
  );
  assert.equal(screen.lines.filter((line) => line.includes('first')).length, 1, 'there is one line for each');
});

test('ends with the whole tree and the report, and leaves the terminal as it was', async (t) => {
  const stack = new TestStack();
  const { events, changes } = await stack.up(async (run) => {
    const { registrar } = run;
    await registrar.registerResource(goal({ name: 'project-dev', type: 'pulumi:pulumi:Stack', custom: false }));
    await run.thing('a', { size: 1 }, { parent: root });
    await run.thing('b', { size: 2 }, { parent: root });
    await registrar.registerResourceOutputs(root, { size: 1 });
  });
  const { screen, display, tick } = bench(t);
  for (const event of events) {
    display.show(event);
    tick(200);
  }
  display.show({
    kind: 'summary',
    preview: false,
    maybeCorrupt: false,
    durationSeconds: 61,
    changes,
    policyPacks: {},
    result: 'succeeded',
  });
  display.finish();
  tick(5000);
  assert.equal(
    screen.text.replaceAll(/\(\d+\.\d\ds\)/g, '(T)'),
    `Updating (dev):

     Type                 Name         Status
 +   pulumi:pulumi:Stack  project-dev  created (T)
 +   ├─ test:index:Thing  a            created (T)
 +   └─ test:index:Thing  b            created (T)

Outputs:
    size: 1

Resources:
    + 3 created

Duration: 1m1s`,
  );
  assert.equal(screen.cursorHidden, false);
});

test('shows a replacement once, as such, with what changed, and failures with how many messages there were', (t) => {
  const { screen, display } = bench(t);
  display.show(begin(step('same', 'project-dev')));
  for (const op of ['create-replacement', 'replace', 'delete-replaced'] as const) {
    display.show(begin(step(op, 'replaced')));
    display.show(end(step(op, 'replaced')));
  }
  const failed = step('update', 'failed');
  display.show(begin(failed));
  display.show(say('hunter2 is wrong', failed.urn, 'error'));
  display.show({ kind: 'resource-failed', step: failed, outcome: 'failure', message: 'hunter2 is wrong' });
  display.finish();
  const table = screen.text.split('\nDiagnostics:')[0]!;
  assert.match(table, /\n \+- {2}├─ test:index:Thing +replaced +replaced \(0\.00s\)\n/);
  assert.match(table, /\n ~ {3}└─ test:index:Thing +failed +\*\*updating failed\*\* +1 error\n/);
});

test('masks secrets in what is drawn', (t) => {
  const { screen, display, tick } = bench(t);
  display.show(begin(step('same', 'project-dev')));
  display.show(say('the key is hunter2', root));
  tick(500);
  assert.match(screen.text, /the key is \[secret\]/);
});

test('keeps within the height and the width of the terminal, whatever they become', (t) => {
  const { screen, stdout, display, tick } = bench(t, { columns: 60, rows: 12 });
  display.show(begin(step('same', 'project-dev')));
  for (let index = 0; index < 50; index += 1) {
    const one = step('create', `resource-with-a-long-name-${index}`);
    display.show(begin(one));
    if (index !== 3) display.show(end(one));
  }
  tick(500);
  assert.equal(screen.lines.length, 14, 'two lines of heading, eleven of the table, and the one with the cursor');
  assert.match(screen.text, /resource-with-a-long-name-3 .*…\n/, 'what runs is shown first');
  assert.match(screen.text, /resource-with-a-long-name-49/);
  assert.match(screen.text, /and 44 more\n/);
  assert.ok(screen.lines.every((line) => line.length <= 60));
  Object.assign(stdout, { columns: 40, rows: 20 });
  screen.columns = 40;
  stdout.emit('resize');
  assert.equal(screen.lines.length, 22);
  assert.ok(screen.lines.every((line) => line.length <= 40));
  display.finish();
  assert.equal(stdout.listenerCount('resize'), 0);
  assert.match(
    screen.text.replaceAll('\n', ''),
    /long-name-0 .*long-name-25 .*long-name-49 /,
    'at the end there is all of it',
  );
});

test('what is said meanwhile goes above the table', (t) => {
  const { screen, terminal, display, tick } = bench(t);
  display.show(begin(step('same', 'project-dev')));
  tick(500);
  terminal.writeError('^C received; cancelling.\n');
  assert.match(
    screen.text,
    /^Updating \(dev\):\n\n\^C received; cancelling\.\n +Type .*\n.*project-dev +running\n\n@ Updating/,
  );
});

test('an end at once gives the cursor back', (t) => {
  const { screen, terminal, display, tick } = bench(t);
  display.show(begin(step('same', 'project-dev')));
  tick(500);
  assert.equal(screen.cursorHidden, true);
  terminal.restore();
  assert.equal(screen.cursorHidden, false);
});

test('types have the name that people know', () => {
  assert.equal(typeName('aws:s3/bucket:Bucket'), 'aws:s3:Bucket');
  assert.equal(typeName('aws:ec2/transitgateway/vpc:Vpc'), 'aws:ec2/transitgateway:Vpc');
  for (const same of ['aws:s3/bucketV2:Bucket', 'test:index:Thing', 'kubernetes:apps/v1:Deployment', 'odd'])
    assert.equal(typeName(same), same);
});
