import { NO_DRIFT } from '../runner/core/drift.ts';
import type { PlannedStep } from '../runner/core/planned-step.ts';
import type { Run } from '../runner/core/run.ts';
import type { ApiServer } from './api-server.ts';

/** A small estate with something of everything that a page shows, written where the runner writes it. */
export const BASE = 'c0ffee00'.repeat(5);

function urn(type: string, name: string): string {
  return `urn:pulumi:dev::shop::${type}::${name}`;
}

const DEPLOYMENT = 'kubernetes:apps/v1:Deployment';
const SERVICE = 'kubernetes:core/v1:Service';
const STACK = urn('pulumi:pulumi:Stack', 'shop-dev');

function step(operation: string, type: string, name: string, changes: PlannedStep['changes'] = []): PlannedStep {
  return {
    operation,
    urn: urn(type, name),
    type,
    changes,
    replacedBy: operation === 'replace' ? ['spec.clusterIP'] : [],
    protected: false,
  };
}

const STEPS: readonly PlannedStep[] = [
  step('update', DEPLOYMENT, 'web', [
    { path: 'spec.replicas', kind: 'update', before: 2, after: 3 },
    {
      path: 'metadata.annotations',
      kind: 'update',
      before: 'one line\nanother\nthird',
      after: 'one line\nchanged\nthird',
    },
  ]),
  step('delete', 'kubernetes:core/v1:ConfigMap', 'old-settings'),
  step('replace', SERVICE, 'web', [{ path: 'spec.clusterIP', kind: 'update', before: '10.0.0.1', after: '10.0.0.2' }]),
  step('create', DEPLOYMENT, 'worker', [{ path: 'spec', kind: 'add', after: { replicas: 1, image: 'shop:1.5.0' } }]),
];

export function outcome(steps: readonly PlannedStep[] = STEPS): NonNullable<Run['outcome']> {
  const counts: Record<string, number> = { same: 2 };
  for (const { operation } of steps) counts[operation] = (counts[operation] ?? 0) + 1;
  return {
    result: 'succeeded',
    ...{ counts, steps, problem: undefined, digest: '4065cf15730ddc43', fingerprints: [], references: [] },
    diagnostics: [{ severity: 'warning', urn: undefined, message: 'the image has no digest' }],
    outputs: { address: 'http://shop.example', password: '[secret]' },
    ...{ engine: 'embedded', sandbox: true, milliseconds: 2440 },
  };
}

async function addRun(
  { store }: ApiServer,
  run: Partial<Run> & Pick<Run, 'id' | 'stack'>,
  state: Run['state'],
): Promise<void> {
  await store.runs.add({
    ...{ repository: 'estate', kind: 'update', change: undefined, rollout: undefined, commit: BASE },
    reasons: [{ kind: 'settings', text: 'stacks/Pulumi.dev.yaml' }],
    ...run,
  });
  await store.runs.beginStep(run.id, 'preview');
  await store.runs.endStep(run.id, 'preview', { state: 'succeeded', detail: '1 to delete, 1 to replace; as reviewed' });
  await store.runs.beginStep(run.id, run.kind === 'preview' ? 'report' : 'update');
  const startedAt = new Date(Date.now() - 65_000);
  if (state === 'running') return store.runs.set(run.id, { state, startedAt });
  await store.runs.endStep(run.id, run.kind === 'preview' ? 'report' : 'update', { state: 'succeeded', detail: '' });
  await store.runs.setGraph(run.id, GRAPH);
  const ended = {
    summary: '1 deleted, 1 replaced, 1 updated, 1 created',
    endedAt: new Date(startedAt.getTime() + 2440),
  };
  await store.runs.set(run.id, { state, outcome: outcome(), startedAt, ...ended });
}

const GRAPH = [
  {
    urn: STACK,
    type: 'pulumi:pulumi:Stack',
    parent: undefined,
    dependencies: [],
    operation: 'same',
    health: 'healthy',
  },
  ...[
    ['create', DEPLOYMENT, 'worker', [urn(SERVICE, 'web')], 'healthy'],
    ['update', DEPLOYMENT, 'web', [], 'unhealthy'],
    ['replace', SERVICE, 'web', [urn(DEPLOYMENT, 'web')], 'healthy'],
    ['delete', 'kubernetes:core/v1:ConfigMap', 'old-settings', [], 'healthy'],
    ['same', 'kubernetes:core/v1:Namespace', 'shop', [], 'healthy'],
  ].map(([operation, type, name, dependencies, health]) => ({
    ...{ urn: urn(type as string, name as string), type: type as string, parent: STACK },
    ...{ operation: operation as string, dependencies: dependencies as string[], health: health as 'healthy' },
  })),
].map((resource) => ({ problem: undefined, milliseconds: 120, ...resource, health: resource.health as 'healthy' }));

/** Fills the store. `many` more stacks are added to three environments. */
export async function fillEstate(server: ApiServer, many = 0): Promise<void> {
  const { store } = server;
  const names = ['dev', 'staging', 'prod'];
  await store.events.setHead('estate', 'main', { commit: BASE, version: 1 });
  const stacks = names.map((name, position) => ({ id: `shop/${name}`, name, environment: name, position }));
  const others = Array.from({ length: many }, (_, index) => {
    const name = `team-${String(index).padStart(4, '0')}`;
    return { id: `shop/${name}`, name, environment: names[index % 3]!, position: index % 3 };
  });
  await store.stacks.ensure('estate', [...stacks, ...others]);
  await store.changes.put({
    ...{
      id: 'estate/more-replicas',
      repository: 'estate',
      name: 'more-replicas',
      state: 'open',
      head: 'ab'.repeat(20),
    },
    ...{ base: BASE, merge: 'de'.repeat(20), problem: undefined },
  });
  const rollout = `estate@${BASE}`;
  const stages = names.map((name) => ({
    environment: name,
    approvals: name === 'prod' ? 2 : 0,
    groups: [[`shop/${name}`]],
  }));
  await store.rollouts.add({
    id: rollout,
    repository: 'estate',
    commit: BASE,
    stages,
    changes: ['estate/more-replicas'],
  });
  await addRun(
    server,
    { id: 'p-1', stack: 'shop/dev', kind: 'preview', change: 'estate/more-replicas', commit: 'de'.repeat(20) },
    'succeeded',
  );
  await addRun(server, { id: 'u-0', stack: 'shop/dev', commit: 'aa'.repeat(20) }, 'succeeded');
  await addRun(server, { id: 'u-1', stack: 'shop/dev', rollout }, 'succeeded');
  await addRun(server, { id: 'u-2', stack: 'shop/staging', rollout }, 'running');
  await store.stacks.setApplied('estate', 'shop/dev', { commit: BASE });
  await store.stacks.setApplied('estate', 'shop/staging', { commit: 'aa'.repeat(20) });
  for (const { id } of others.filter((_, index) => index % 7 > 0))
    await store.stacks.setApplied('estate', id, { commit: BASE });
  const text = 'waits for 2 approvals of prod';
  const rule = { count: 2 } as never;
  const approval = { rule, digest: '4065cf15730ddc43', authors: [], owned: [] };
  await store.rollouts.set(rollout, {
    ...{ state: 'waiting', summary: text },
    waits: { environment: 'prod', for: 'approval', text, until: undefined, approval },
  });
  await store.approvals.put({ rollout, environment: 'prod', by: 'Grace', digest: '4065cf15730ddc43' });
  const difference = { urn: STEPS[0]!.urn, type: DEPLOYMENT, step: STEPS[0]!, fingerprint: 'f' };
  const managers = { 'spec.replicas': { manager: 'kubectl-scale', at: '2026-11-21T08:00:00Z' } };
  await store.drift.put({
    ...{ repository: 'estate', stack: 'shop/dev', state: 'drifted', summary: '1 resource differs', commit: BASE },
    finding: { ...NO_DRIFT, differences: [{ ...difference, managers }] },
    ...{ lookedAt: new Date(), since: new Date(), run: undefined, correction: undefined, issue: undefined },
  });
  await store.promotions.add({
    id: 'v-1',
    ...{ repository: 'estate', name: 'web', from: 'dev', to: 'staging', by: 'Grace' },
  });
  await store.promotions.set('v-1', {
    ...{ state: 'proposed', change: 'promote-web', commit: BASE, summary: 'proposed as promote-web' },
    values: [{ path: 'shop:image', before: 'shop:1.4.2', after: 'shop:1.5.0' }],
  });
  await store.environments.put({
    ...{ repository: 'estate', stack: 'shop/pr-more-replicas', template: 'shop/dev', change: 'estate/more-replicas' },
    ...{ state: 'ready', summary: '4 created', commit: 'de'.repeat(20), settings: undefined, run: undefined, turns: 1 },
    ...{ claimed: true, outputs: { url: 'https://more-replicas.preview.example.org', key: '[secret]' }, sandbox: true },
    ...{ unclear: false, failures: 0, againAt: undefined, turnedAt: new Date(), updatedAt: new Date() },
    expiresAt: new Date(Date.now() + 86_400_000),
  });
  await store.audit.add({
    kind: 'approve',
    repository: 'estate',
    subject: rollout,
    by: 'Grace',
    text: 'approved prod',
  });
}
