import type { DriftSettings } from '../core/drift-settings.ts';
import type { KnownStack } from '../core/known-stack.ts';
import { readSettings, type Settings } from '../core/settings.ts';
import { settingsOf } from '../core/stack-order.ts';
import { openStateAt } from '../core/window.ts';
import { openRollback } from './open-rollback.ts';
import { repositoryOf, type Services } from './services.ts';

/** Which stack is looked at. */
export interface StackAt {
  readonly repository: string;
  readonly stack: string;
}

/** What decides about a look at a stack. */
export interface DriftFacts {
  readonly known: KnownStack & { readonly appliedCommit: string };
  readonly settings: DriftSettings;
  /** Why nothing may be put back unasked now: windows, freezes, and a commit that was taken back. */
  readonly closed: string | undefined;
}

/** The settings at the head of the base branch, as they grant power. Undefined where nothing was seen of it yet. */
export async function settingsOfBase(services: Services, repository: string): Promise<Settings | undefined> {
  const { base, mirror } = repositoryOf(services, repository);
  const head = (await services.store.events.heads(repository)).get(base);
  return head && head.commit !== '' ? readSettings(await mirror.tree(head.commit)) : undefined;
}

/** Undefined for a stack that was never updated, or is not known any more. */
export async function driftFacts(services: Services, at: StackAt): Promise<DriftFacts | undefined> {
  const known = (await services.store.stacks.list(at.repository)).find(({ id }) => id === at.stack);
  const settings = await settingsOfBase(services, at.repository);
  if (known?.appliedCommit === undefined || !settings) return undefined;
  const drift = driftSettingsOf(settings, known);
  const { freezes, timeZone } = settings;
  const open = openStateAt(services.clock.now(), { windows: drift.windows, freezes, timeZone });
  // What somebody took back is not put back, whatever somebody did against it by hand.
  const takenBack = await openRollback(services, { repository: at.repository, commit: known.appliedCommit });
  const closed = takenBack ?? (open.open ? undefined : open.why);
  return { known: { ...known, appliedCommit: known.appliedCommit }, settings: drift, closed };
}

export function driftSettingsOf(settings: Settings, stack: Pick<KnownStack, 'id' | 'name'>): DriftSettings {
  return settingsOf(settings, stack).drift ?? settings.drift;
}

/** Whether somebody is at the stack: what is seen then is half of something. */
export async function isBusy({ store }: Services, { repository, stack }: StackAt): Promise<boolean> {
  for (const kind of ['update', 'correction'] as const)
    if ((await store.runs.page({ repository, stack, kind, states: ['running'], limit: 1 })).items.length > 0)
      return true;
  return false;
}
