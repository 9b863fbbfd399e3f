import type { PreviewEnvironmentSettings } from './preview-environment-settings.ts';

/**
 * The states of a preview environment.
 *
 * waiting (for its turn, a maintainer's word or a head that merges; nothing of it exists) → making
 * making → ready | failed | removing (its change ended meanwhile)
 * ready | failed → making (a newer commit, or somebody asked) | removing
 * removing → removed | stuck (it is tried again, later and later); removed → making (its change was opened again, or somebody asked)
 */
export type EnvironmentState = 'waiting' | 'making' | 'ready' | 'failed' | 'removing' | 'stuck' | 'removed';

/** A running copy of a stack for one change. */
export interface PreviewEnvironment {
  readonly repository: string;
  /** Id of its stack: `shop/pr-12`. */
  readonly stack: string;
  /** Id of the stack that it is a copy of. */
  readonly template: string;
  /** Id of the change. */
  readonly change: string;
  readonly state: EnvironmentState;
  /** Why it is so, or what it waits for: one line. */
  readonly summary: string;
  /** The commit that it was made at last, or is being made at; undefined where nothing of it was begun. */
  readonly commit: string | undefined;
  /** The settings that it was made with, as the base branch had them: it is destroyed with them where there are none any more. */
  readonly settings: PreviewEnvironmentSettings | undefined;
  /** The newest run that made or destroyed it. Whoever has another one has been superseded. */
  readonly run: string | undefined;
  /** How many runs there were: names the next one. */
  readonly turns: number;
  /** Whether the state of that name is known to be ours. */
  readonly claimed: boolean;
  /** What its program gives out; secrets are `[secret]`. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Whether its results come from the sandbox. */
  readonly sandbox: boolean;
  /** Why its last run could not say what became of a resource: who asks again says that it was not made. */
  readonly unclear: boolean;
  /** Destroys that failed in a row, and when the next one is due. */
  readonly failures: number;
  readonly againAt: Date | undefined;
  /** When it is destroyed unless something is pushed before. */
  readonly expiresAt: Date | undefined;
  /** When its newest run was asked for. */
  readonly turnedAt: Date | undefined;
  readonly updatedAt: Date;
}

/** What somebody asked for last, of all environments of a change. */
export interface EnvironmentWish {
  /** Id of the change. */
  readonly change: string;
  readonly repository: string;
  /** The head that a maintainer named: that may be run, whoever pushed it. Empty where none was. */
  readonly head: string;
  readonly asked: 'up' | 'down';
  /** Their life begins anew then. */
  readonly askedAt: Date;
  readonly by: string;
}

/** What exists of it may cost something, and counts for how many there may be. */
export function isThere({ state }: Pick<PreviewEnvironment, 'state'>): boolean {
  return state !== 'waiting' && state !== 'removed';
}

const FIRST_AGAIN_MS = 30_000;
const LAST_AGAIN_MS = 3_600_000;

/** How long it is until a destroy that failed so many times in a row is tried again, in milliseconds. */
export function againAfter(failures: number): number {
  return Math.min(LAST_AGAIN_MS, FIRST_AGAIN_MS * 2 ** Math.max(0, failures - 1));
}
