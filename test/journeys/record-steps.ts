import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { DBOS } from '@dbos-inc/dbos-sdk';

/** Loaded before a runner (`--import`): writes down when each durable step begins and ends, in the file JOURNEY_STEPS. */
const file = process.env.JOURNEY_STEPS;

export interface RecordedStep {
  /** Nanoseconds of the machine's monotonic clock, the same for all processes. */
  readonly at: string;
  readonly pid: number;
  readonly workflow: string;
  readonly step: string;
  readonly what: 'begin' | 'end';
}

if (file !== undefined) {
  const runStep = DBOS.runStep.bind(DBOS);
  DBOS.runStep = (work, config) => {
    const workflow = DBOS.workflowID ?? '';
    const write = (what: RecordedStep['what']) => {
      const step = { pid: process.pid, workflow, step: config?.name ?? '', what };
      appendFileSync(file, `${JSON.stringify({ at: String(process.hrtime.bigint()), ...step })}\n`);
    };
    const recorded = async () => {
      write('begin');
      try {
        return await work();
      } finally {
        write('end');
      }
    };
    return runStep(recorded, config);
  };
}

/** What was written down so far. */
export function readSteps(path: string): readonly RecordedStep[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line.endsWith('}')).map((line) => JSON.parse(line) as RecordedStep);
}
