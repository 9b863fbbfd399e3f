import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
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
    'stacks/mainstay.yaml': 'drift: { mode: report, every: 1d }\n',
  });
  try {
    await makeStacks(shop, names);
    for (const round of [1, 2, 3])
      report.time(`drift, round ${round}: ${STACKS} stacks of ${MAPS + 2} resources, no change`, await oneRound(shop));
    const found = (await shop.store.drift.list('estate')).filter(({ state }) => state !== 'none');
    report.note(`${found.length} reported, ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MB`);
  } finally {
    await shop.close();
  }
}

/** One stack is updated, the others are given what it has: looking is measured here, not updating. */
async function makeStacks(shop: Workshop, names: readonly string[]): Promise<void> {
  await shop.repository.mirror.fetch();
  const head = await shop.head();
  const [first, ...others] = names;
  const made = await shop.services.engines.get('embedded')!.update(await shop.checkedOut(first!, head));
  if (made.result === 'failed') throw new Error(made.problem);
  const state = (name: string) => join(shop.folder, `state/.pulumi/stacks/journey/${name}.json`);
  const world = (name: string) => join(shop.folder, `home/sandbox/organization-journey-${name}.sqlite`);
  const source = new DatabaseSync(world(first!));
  for (const name of others) {
    const text = readFileSync(state(first!), 'utf8');
    writeFileSync(
      state(name),
      text
        .replaceAll(`urn:pulumi:${first}::`, `urn:pulumi:${name}::`)
        .replaceAll(`journey-${first}`, `journey-${name}`),
    );
    source.exec(`vacuum into '${world(name)}'`);
    const copy = new DatabaseSync(world(name));
    copy.exec(`update object set urn = replace(urn, 'urn:pulumi:${first}::', 'urn:pulumi:${name}::')`);
    copy.close();
  }
  source.close();
  await shop.store.events.setHead('estate', 'main', { commit: head, version: 1 });
  const known = names.map((name, position) => ({ id: `journey/${name}`, name, environment: 'default', position }));
  await shop.store.stacks.ensure('estate', known, Number.MAX_SAFE_INTEGER);
  for (const { id } of known) await shop.store.stacks.setApplied('estate', id, { commit: head });
}

async function oneRound(shop: Workshop): Promise<number> {
  shop.moveClock(DAY);
  const began = performance.now();
  await startDueLooks(shop.services, (id, at) => shop.until('its turn', () => shop.worker.look(id, at)));
  const since = shop.services.clock.now() - DAY / 2;
  for (const deadline = began + 300_000; ; await delay(50)) {
    const records = await shop.store.drift.list('estate');
    if (records.filter(({ lookedAt }) => lookedAt && lookedAt.getTime() > since).length === STACKS) break;
    if (performance.now() > deadline) throw new Error('the looks did not come to an end within five minutes');
  }
  return performance.now() - began;
}
