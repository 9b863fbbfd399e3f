import { git } from '../../cli/demo-repository.ts';
import { createEstate, type Estate, stackFile } from '../journeys/estate.ts';
import type { Report } from './main.ts';

const PUSHES = 7;

/** From the end of `git push` to the stored result of the preview, and from the merge to the end of the rollout: one stack of the sandbox, warm. */
export async function run(report: Report): Promise<void> {
  const estate = await createEstate();
  try {
    const began = performance.now();
    await estate.start();
    report.time('start: PostgreSQL made, runner ready', performance.now() - began);
    await estate.rolledOut(await git(estate.repository, 'rev-parse', 'main'));
    const previews: number[] = [];
    const updates: number[] = [];
    for (let round = 0; round < PUSHES; round += 1) {
      const { preview, update } = await oneChange(estate, round);
      // The first one warms programs and providers.
      if (round > 0) {
        previews.push(preview);
        updates.push(update);
      }
    }
    report.time(
      'push to preview result, one stack, warm',
      median(previews),
      `worst ${Math.round(Math.max(...previews))} ms of ${previews.length}`,
    );
    report.time(
      'merge to end of update, one stack, warm',
      median(updates),
      `worst ${Math.round(Math.max(...updates))} ms of ${updates.length}`,
    );
  } finally {
    await estate.close();
  }
}

async function oneChange(
  estate: Estate,
  round: number,
): Promise<{ readonly preview: number; readonly update: number }> {
  const branch = `round-${round}`;
  const head = await estate.push(branch, { 'stacks/Pulumi.dev.yaml': stackFile({ one: 'a', two: String(round) }) });
  const pushed = performance.now();
  await estate.previewed(branch, head);
  const preview = performance.now() - pushed;
  const commit = await estate.merge(branch);
  const merged = performance.now();
  await estate.rolledOut(commit);
  return { preview, update: performance.now() - merged };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
