import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeStep } from '../../engine/deploy/planned-step.ts';
import { newResourceState, type ResourceState } from '../../engine/deploy/resource-state.ts';
import { openSecretsManager } from '../../engine/secrets/open-secrets-manager.ts';
import type { Backend } from '../../engine/state/backend.ts';
import { openBackend } from '../../engine/state/open-backend.ts';
import type { SnapshotRecorder } from '../../engine/state/snapshot.ts';
import type { Report } from './main.ts';

const stack = { project: 'bench', stack: 'dev' };
const sizes = [100, 1000, 10_000];
const steps = 400;
/** As many as an update has under way on two processors. */
const atATime = 8;

/**
 * What it costs to record that one resource was created, in stacks of several sizes: durable in a folder of this machine before and after
 * the provider's call, with the checkpoints that are written meanwhile. It must not grow with the stack.
 */
export async function run(report: Report): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mainstay-bench-recording-'));
  const costs: number[] = [];
  try {
    // The first one compiles the code.
    await measure(join(folder, 'first'), 100);
    for (const size of sizes) {
      const { wall, cpu } = await measure(join(folder, String(size)), size);
      costs.push(cpu);
      report.time(
        `record one create, stack of ${size.toLocaleString('en')}`,
        wall,
        `${cpu.toFixed(2)} ms of processor`,
      );
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  report.ratio('processor time of one, stack of 100 / of 10,000', costs[0]!, costs.at(-1)!);
}

/** Milliseconds of one create: of the clock, and of this process. */
interface Cost {
  readonly wall: number;
  readonly cpu: number;
}

async function measure(folder: string, size: number): Promise<Cost> {
  const backend = await openBackend(`file://${folder}`, { environment: {} });
  const recorder = await recorderOver(backend, size);
  const cost = await recordCreates(recorder, size);
  await recorder.close();
  return cost;
}

async function recorderOver(backend: Backend, size: number): Promise<SnapshotRecorder> {
  await backend.createStack(stack);
  const open = (type: string, state: Readonly<Record<string, unknown>>) => openSecretsManager(type, state, {});
  const first = await backend.record(stack, await backend.readSnapshot(stack, open), undefined);
  await first.rebase(Array.from({ length: size }, (_, index) => resource(`old-${index}`)));
  await first.close();
  return backend.record(stack, await backend.readSnapshot(stack, open), undefined);
}

async function recordCreates(recorder: SnapshotRecorder, size: number): Promise<Cost> {
  const before = process.cpuUsage();
  const start = performance.now();
  let next = 0;
  const work = async () => {
    while (next < steps) {
      next += 1;
      const step = makeStep({ op: 'create', new: resource(`new-${size}-${next}`), logical: true });
      await recorder.beginStep(step);
      await recorder.endStep(step, 'success');
    }
  };
  await Promise.all(Array.from({ length: atATime }, work));
  const wall = (performance.now() - start) / steps;
  const { user, system } = process.cpuUsage(before);
  return { wall, cpu: (user + system) / 1000 / steps };
}

function resource(name: string): ResourceState {
  const type = 'pulumi-nodejs:dynamic:Resource';
  const values = { size: 1, tags: { owner: 'bench', name }, description: 'a resource like any other'.repeat(4) };
  return newResourceState({
    ...{ urn: `urn:pulumi:dev::bench::${type}::${name}`, type, custom: true, id: `id-${name}` },
    ...{ inputs: values, outputs: values },
  });
}
