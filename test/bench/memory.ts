import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { EnvironmentReader } from '../../foundation/environment.ts';
import { previewNow } from '../../runner/workflows/preview-stack.ts';
import { FIRST_FILES } from '../journeys/estate.ts';
import { createWorkshop } from '../journeys/workshop.ts';
import { treeMemory } from './engine/process-tree.ts';
import type { Report } from './main.ts';

/** A thousand take minutes. */
const marks = new EnvironmentReader().flag('MAINSTAY_BENCH_LONG', false) ? [1, 100, 500, 1000] : [1, 50, 100, 200];

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What a runner holds at rest, and whether previews leave something behind: the heap after everything that can go has gone. */
export async function run(report: Report): Promise<void> {
  const shop = await createWorkshop({ ...FIRST_FILES, 'stacks/mainstay.yaml': 'drift: { mode: "off" }\n' });
  try {
    await shop.sweep();
    const { runs } = {
      runs: await shop.rollout(await shop.head()).then(() => shop.store.runs.list({ kind: 'update' })),
    };
    report.note(`at rest: ${held()}`);
    const preview = { ...runs[0]!, kind: 'preview' as const };
    const heaps: number[] = [];
    for (let count = 1; count <= marks.at(-1)!; count += 1) {
      await previewNow(shop.services, preview, new AbortController().signal);
      if (!marks.includes(count)) continue;
      report.note(`after ${count} previews: ${held()}`);
      heaps.push(heapNow());
    }
    const [, second = 0] = heaps;
    const each = ((heaps.at(-1)! - second) / (marks.at(-1)! - marks[1]!)) * 1024;
    report.note(`left behind by each preview, from the ${marks[1]}th on: ${each.toFixed(1)} KB`);
  } finally {
    await shop.close();
  }
}

function heapNow(): number {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

function held(): string {
  const heap = heapNow();
  const { rss } = process.memoryUsage();
  const tree = treeMemory(process.pid);
  return `heap ${heap.toFixed(1)} MB, process ${(rss / 2 ** 20).toFixed(0)} MB, with PostgreSQL and waiting programs ${tree.toFixed(0)} MB`;
}
