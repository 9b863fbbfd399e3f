/**
 * The engine as a resident process uses it, for one project: `resident.ts <directory> <runs>`, environment from the caller. Tells the
 * caller of each figure when it has it, over Node's channel, so that the caller can watch this process from outside.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createEmbeddedPulumi } from '../../../engine/automation/pulumi-command.ts';

/** One figure. Memory is the caller's to look at. */
export interface ResidentFigure {
  readonly name: 'update' | 'preview';
  readonly milliseconds: number;
}

const [directory = '', runs = '1'] = process.argv.slice(2);
const environment = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? '']));
const embedded = createEmbeddedPulumi({ environment });

/** Milliseconds of a command. */
async function timed(...args: string[]): Promise<number> {
  const start = performance.now();
  await embedded.run(args, directory, {});
  const milliseconds = performance.now() - start;
  // A used program process is replaced in the background: the next command of a person or of the runner comes later than that.
  await delay(2000);
  return milliseconds;
}

function tell(figure: ResidentFigure): void {
  process.send?.(figure);
}

await timed('stack', 'init', 'dev');
// Nobody updates what has not been previewed.
await timed('preview');
tell({ name: 'update', milliseconds: await timed('up', '--yes', '--skip-preview') });
await timed('preview');
for (let run = 0; run < Number(runs); run += 1) tell({ name: 'preview', milliseconds: await timed('preview') });
await embedded.close();
process.disconnect?.();
