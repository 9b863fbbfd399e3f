import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { DBOS } from '@dbos-inc/dbos-sdk';

/**
 * Loaded before a runner (`--import`): kills it with -9 at every durable step of every kind of workflow, once each. JOURNEY_CRASHES is the file that
 * keeps where that was; JOURNEY_CRASH is when: `done`, when a step's work is done and nobody has stored that, or `stored`, between it and the next;
 * anything else is one of them in turn. JOURNEY_CRASH_OF is a pattern: it leaves out what does not match.
 */
const file = process.env.JOURNEY_CRASHES;
const when = process.env.JOURNEY_CRASH;
const only = new RegExp(process.env.JOURNEY_CRASH_OF ?? '');

if (file !== undefined) {
  const runStep = DBOS.runStep.bind(DBOS);
  DBOS.runStep = async (work, config) => {
    // The same step of two environments is one step.
    const place = `${kindOf(DBOS.workflowID ?? '')}: ${config?.name?.replace(/^(dev|prod): /, '')}`;
    const stepped = async () => {
      const result = await work();
      crashOnce(file, place, 'done');
      return result;
    };
    const result = await runStep(stepped, config);
    crashOnce(file, place, 'stored');
    return result;
  };
}

/** An id without what is different in each: `u-1a2b3c4d5e` and `estate@1a2b3c4d5e6f` say what they are by their beginning. */
function kindOf(id: string): string {
  return id.replace(/[0-9a-f]{8,}.*$/, '').replace(/[#/].*$/, '');
}

function crashOnce(crashes: string, place: string, now: 'done' | 'stored'): void {
  if (!only.test(place)) return;
  const earlier = existsSync(crashes) ? readFileSync(crashes, 'utf8').split('\n') : [];
  if (earlier.includes(place)) return;
  const turn = earlier.length % 2 === 0 ? 'done' : 'stored';
  if (now !== (when === 'done' || when === 'stored' ? when : turn)) return;
  appendFileSync(crashes, `${place}\n`);
  process.kill(process.pid, 'SIGKILL');
}
