import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EngineEvent } from '@pulumi/pulumi/automation/index.js';
import { redactor } from '../../foundation/redact.ts';
import type { RunEvent, RunResource } from '../core/run-event.ts';
import { sandboxOf } from './open-stack.ts';
import { recordEvents } from './record-events.ts';

const URN = 'urn:pulumi:dev::shop::t::web';

function metadata(op: string, urn = URN) {
  return { op, urn, type: 't', new: { parent: 'urn:stack' } };
}

function record(...events: readonly unknown[]) {
  return recordOf('', ...events);
}

/** `setting`: the stack's `mainstay:sandbox`. */
async function recordOf(
  setting: string,
  ...events: readonly unknown[]
): Promise<{ readonly events: readonly RunEvent[]; readonly graph: readonly RunResource[] }> {
  const seen: RunEvent[] = [];
  let graph: readonly RunResource[] = [];
  const recording = recordEvents(
    {
      event: (event) => seen.push(event),
      resources: (resources) => {
        graph = resources;
      },
    },
    Promise.resolve(sandboxOf(setting)),
  );
  for (const event of events) recording.take(event as EngineEvent);
  recording.finish([
    { urn: URN, dependencies: ['b'], propertyDependencies: { x: ['a', 'b'], y: null }, initErrors: ['not ready'] },
  ]);
  await Promise.resolve();
  return { events: seen, graph };
}

test('tells what is done to a resource when it begins and ends, and nothing of what stays', async () => {
  const { events, graph } = await record(
    { resourcePreEvent: { metadata: metadata('update') } },
    { resourcePreEvent: { metadata: metadata('same', 'other') } },
    { resOutputsEvent: { metadata: metadata('same', 'other') } },
    { resOutputsEvent: { metadata: metadata('update') } },
  );
  assert.deepEqual(
    events.map((event) => event.kind === 'resource' && [event.urn, event.state]),
    [
      [URN, 'started'],
      [URN, 'done'],
    ],
  );
  assert.deepEqual(
    graph.map(({ urn, operation, health, dependencies }) => ({ urn, operation, health, dependencies })),
    [
      { urn: URN, operation: 'update', health: 'unhealthy', dependencies: ['a', 'b'] },
      { urn: 'other', operation: 'same', health: 'healthy', dependencies: [] },
    ],
  );
});

test('says sandbox on all that the sandbox does and says, and on nothing else', async () => {
  const of = (type: string, provider: string) => {
    const urn = `urn:pulumi:dev::shop::${type}::web`;
    const done = { metadata: { op: 'create', urn, type, provider } };
    const said = { message: 'ready', severity: 'info', urn };
    return [{ resourcePreEvent: done }, { resOutputsEvent: done }, { diagnosticEvent: said }];
  };
  const all = [
    ...of('kubernetes:apps/v1:Deployment', 'p::1'),
    ...of('aws:ec2/vpc:Vpc', 'p::2'),
    ...of('acme:index:Shop', ''),
    { diagnosticEvent: { message: 'sandbox: package x is served by the sandbox', severity: 'info', urn: '' } },
  ];
  const labelled = async (setting: string) => {
    const { events } = await recordOf(setting, ...all);
    return events.map((event) => event.sandbox ?? false);
  };
  const [yes, no] = [Array(3).fill(true), Array(3).fill(false)];
  assert.deepEqual(await labelled('true'), [...yes, ...yes, ...no, true]);
  assert.deepEqual(await labelled('["kubernetes"]'), [...yes, ...no, ...no, true]);
  assert.deepEqual(await labelled('aws, kubernetes'), [...yes, ...yes, ...no, true]);
  assert.deepEqual(await labelled('false'), [...no, ...no, ...no, true]);
});

test('shows a failed resource as such', async () => {
  const { events } = await record(
    { resourcePreEvent: { metadata: metadata('create') } },
    { resOpFailedEvent: { metadata: metadata('create') } },
  );
  assert.equal(events.at(-1)?.kind === 'resource' && events.at(-1), events.at(-1));
  assert.equal((events.at(-1) as { state: string }).state, 'failed');
});

test('keeps secrets, colours and debug output out of logs, and cuts what is long', async () => {
  redactor.add('hunter2-is-secret');
  const say = (message: string, severity = 'info') => ({ diagnosticEvent: { message, severity, urn: '' } });
  const { events } = await record(
    say('<{%fg 1%}>the hunter2-is-secret<{%reset%}>'),
    say('x', 'debug'),
    say('y'.repeat(9000), 'error'),
    say(`${'z'.repeat(8185)}hunter2-is-secret`),
  );
  assert.deepEqual(
    events.map((event) => event.kind === 'log' && [event.severity, event.text.length]),
    [
      ['info', 'the [secret]'.length],
      ['error', 8192],
      ['info', 8192],
    ],
  );
  assert.ok(!JSON.stringify(events).includes('hunter'), 'no half of a secret where it is cut');
});
