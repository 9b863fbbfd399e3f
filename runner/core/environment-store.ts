import type { EnvironmentWish, PreviewEnvironment } from './preview-environment.ts';

/** What is set of an environment; what is left out stays. */
export type EnvironmentPatch = {
  readonly [K in keyof Omit<PreviewEnvironment, 'repository' | 'stack' | 'updatedAt'>]?: PreviewEnvironment[K];
};

/** The preview environments that the runner knows of, and what was asked for. */
export interface EnvironmentStore {
  get(repository: string, stack: string): Promise<PreviewEnvironment | undefined>;
  /** By stack. */
  list(filter: { readonly repository?: string; readonly change?: string }): Promise<readonly PreviewEnvironment[]>;
  /** Creates or replaces. */
  put(environment: PreviewEnvironment): Promise<void>;
  /** Sets fields at the time `at` where its newest run is `run`. Returns whether it is. */
  set(
    key: Pick<PreviewEnvironment, 'repository' | 'stack' | 'run'>,
    patch: EnvironmentPatch,
    at: Date,
  ): Promise<boolean>;
  /** Forgets one of which there is nothing: in another state it stays. */
  forget(key: Pick<PreviewEnvironment, 'repository' | 'stack' | 'template' | 'change'>): Promise<void>;
  wishes(repository: string): Promise<readonly EnvironmentWish[]>;
  /** Creates or replaces; an empty `head` leaves the one that was named before. */
  ask(wish: EnvironmentWish): Promise<void>;
  /** What the forge was told last about a change's environments; undefined where that was nothing. */
  told(change: string): Promise<string | undefined>;
  setTold(change: string, told: string): Promise<void>;
}
