import { setTimeout as delay } from 'node:timers/promises';
import { startDueLooks } from '../../runner/workflows/schedule-drift.ts';
import { FIRST_FILES, stackFile } from '../journeys/estate.ts';
import { createWorkshop, type Workshop } from '../journeys/workshop.ts';
import type { Report } from './main.ts';

const STACKS = 200;
const MAPS = 10;
const DAY = 86_400_000;

/** Drift of many stacks of the sandbox that nobody touched: every one is read, no program is run. */
export async function run(report: Report): Promise<void> {
  const names = Array.from({ length: STACKS }, (_, index) => `s${index}`);
  const maps = Object.fromEntries(Array.from({ length: MAPS }, (_, index) => [`map-${index}`, 'a']));
  const shop = await createWorkshop({
    ...Object.fromEntries(Object.entries(FIRST_FILES).filter(([file]) => !/stacks\/Pulumi/.test(file))),
    ...Object.fromEntries(names.map((name) => [`stacks/Pulumi.${name}.yaml`, stackFile(maps)])),
    'stacks/mainstay.yaml': 'drift: { mode: report, every: 1d }\nenvironments: []\n',
  });
  try {
    const began = performance.now();
    await shop.sweep();
    await until(async () => (await shop.store.rollouts.list('estate'))[0]?.endedAt !== undefined);
    report.time(`first update of ${STACKS} stacks of ${MAPS + 1} resources`, performance.now() - began);
    for (const round of [1, 2, 3])
      report.time(`drift, round ${round}: ${STACKS} stacks without change`, await oneRound(shop));
    const found = (await shop.store.drift.list('estate')).filter(({ state }) => state !== 'none');
    report.note(`${found.length} reported, ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MB`);
  } finally {
    await shop.close();
  }
}

async function oneRound(shop: Workshop): Promise<number> {
  shop.moveClock(DAY);
  const began = performance.now();
  await startDueLooks(shop.services, shop.worker.look);
  const since = shop.services.clock.now() - DAY / 2;
  await until(async () => {
    const looked = (await shop.store.drift.list('estate')).filter(
      ({ lookedAt }) => lookedAt && lookedAt.getTime() > since,
    );
    return looked.length === STACKS;
  });
  return performance.now() - began;
}

async function until(ask: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + 600_000; !(await ask()); await delay(50))
    if (performance.now() > deadline) throw new Error('it did not come to an end within ten minutes');
}
