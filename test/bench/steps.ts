import { createEstate, type Estate, FIRST_FILES, stackFile } from '../journeys/estate.ts';
import type { Report } from './main.ts';

const STEPS = 8;
const ROUNDS = 3;

/** What a rollout costs between the work of its stacks: from environment to environment, and from stack to stack where one depends on the other. */
export async function run(report: Report): Promise<void> {
  const names = Array.from({ length: STEPS }, (_, index) => `s${index}`);
  await measure(report, 'a promotion from environment to environment', {
    environments: names.map((name) => ({ name, stacks: [name] })),
  });
  await measure(report, 'from a stack to the one that depends on it', {
    environments: [{ name: 'all', stacks: names }],
    stacks: Object.fromEntries(names.slice(1).map((name, index) => [name, { dependsOn: [names[index]!] }])),
  });
}

async function measure(report: Report, what: string, settings: unknown): Promise<void> {
  const names = Array.from({ length: STEPS }, (_, index) => `s${index}`);
  const estate = await createEstate(
    {},
    {
      ...Object.fromEntries(Object.entries(FIRST_FILES).filter(([file]) => !file.startsWith('stacks/'))),
      ...Object.fromEntries(names.map((name) => [`stacks/Pulumi.${name}.yaml`, stackFile({ one: 'a' })])),
      'stacks/mainstay.yaml': `${JSON.stringify(settings)}\n`,
    },
  );
  try {
    await estate.start();
    const costs: number[] = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      const labels = `export const labels = { round: '${round}' };\n`;
      const commit = await estate.push('main', { 'infra/labels.ts': labels });
      const cost = await costOfStep(estate, commit);
      // The first one makes the stacks, and warms.
      if (round > 0) costs.push(cost);
    }
    report.time(
      what,
      costs.toSorted((a, b) => a - b)[ROUNDS >> 1]!,
      `each of ${STEPS}, beyond its preview and its update`,
    );
  } finally {
    await estate.close();
  }
}

/** The rollout's time without that of the runs' own steps, by its stacks. */
async function costOfStep(estate: Estate, commit: string): Promise<number> {
  const rollout = await estate.rolledOut(commit);
  if (rollout.state !== 'succeeded' || rollout.endedAt === undefined) throw new Error(rollout.summary);
  const { runs } = await estate.api().rollout(rollout.id);
  const details = await Promise.all(runs.map(({ id }) => estate.api().run(id)));
  const work = details.flatMap(({ steps }) => steps).reduce((sum, { milliseconds = 0 }) => sum + milliseconds, 0);
  return (Date.parse(rollout.endedAt) - Date.parse(rollout.createdAt) - work) / runs.length;
}
