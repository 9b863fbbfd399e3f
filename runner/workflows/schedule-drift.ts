import { messageOf } from '../../foundation/errors.ts';
import { repeat } from '../../foundation/repeat.ts';
import { isDue, slotAt } from '../core/drift-schedule.ts';
import type { DriftRecord } from '../core/keeping-store.ts';
import type { KnownStack } from '../core/known-stack.ts';
import type { Settings } from '../core/settings.ts';
import { driftSettingsOf, settingsOfBase } from './drift-facts.ts';
import { forgetDrift } from './drift-notice.ts';
import type { LookAt } from './look-at-stack.ts';
import type { Services } from './services.ts';

const SOONEST_MS = 250;
const LATEST_MS = 10_000;

/** Starts a look. The same id is one look, whichever runner starts it. False where the stack is being looked at. */
export type StartLook = (id: string, at: LookAt) => Promise<boolean>;

/** Starts the looks that are due, in every repository. Returns the time until it is worth asking again, in milliseconds. */
export async function startDueLooks(services: Services, start: StartLook): Promise<number> {
  const { store, clock } = services;
  let shortest = LATEST_MS * 4;
  for (const repository of services.repositories.keys()) {
    const settings = await settingsOfBase(services, repository);
    if (!settings) continue;
    const records = new Map((await store.drift.list(repository)).map((record) => [record.stack, record]));
    const stacks = await store.stacks.list(repository);
    await forgetOld(services, { records: [...records.values()], stacks, settings });
    for (const stack of stacks) {
      const { mode, every } = driftSettingsOf(settings, stack);
      if (mode === 'off') continue;
      shortest = Math.min(shortest, every);
      const slot = slotAt(clock.now(), `${repository}:${stack.id}`, every);
      const seen = { lookedAt: records.get(stack.id)?.lookedAt, appliedAt: stack.appliedAt };
      if (!isDue(clock.now(), slot, seen)) continue;
      // The time belongs to the id: with another one the same number is another turn.
      const id = `drift:${repository}:${stack.id}:${every}:${slot.number}`;
      await start(id, { repository, stack: stack.id, asked: undefined });
    }
  }
  return Math.max(SOONEST_MS, Math.min(LATEST_MS, shortest / 4));
}

/** What is known of a stack that is gone, or is to be left alone: a look that somebody asked for counts for one turn. */
async function forgetOld(
  services: Services,
  {
    records,
    stacks,
    settings,
  }: {
    readonly records: readonly DriftRecord[];
    readonly stacks: readonly KnownStack[];
    readonly settings: Settings;
  },
): Promise<void> {
  for (const record of records) {
    const stack = stacks.find(({ id }) => id === record.stack);
    const drift = stack && driftSettingsOf(settings, stack);
    const age = services.clock.now() - (record.lookedAt?.getTime() ?? 0);
    if (drift && (drift.mode !== 'off' || age < drift.every)) continue;
    // No stacks at all: there is no plan yet, and not nothing.
    if (stacks.length === 0) continue;
    await forgetDrift(services, record).catch((error: unknown) => {
      services.log.warn({ stack: record.stack, error: messageOf(error) }, 'cannot close the issue about old drift yet');
    });
  }
}

/** Asks again and again what is due. Returns a function that stops it. */
export function startDriftSchedule(services: Services, start: StartLook): () => Promise<void> {
  const started = new Map<string, true>();
  const once: StartLook = async (id, at) => {
    if (started.has(id)) return true;
    if (!(await start(id, at))) return false;
    started.set(id, true);
    if (started.size > 10_000) started.delete(started.keys().next().value!);
    return true;
  };
  return repeat(async () => {
    try {
      return await startDueLooks(services, once);
    } catch (error) {
      services.log.warn({ error: messageOf(error) }, 'cannot find out which stacks to look at; trying again');
      return LATEST_MS;
    }
  });
}
