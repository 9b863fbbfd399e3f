import type { Clock } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
import type { Forge } from '../core/forge.ts';
import type { Mirror } from '../core/mirror.ts';
import type { RunnerPolicySettings } from '../core/policy-settings.ts';
import type { RunStore } from '../core/run-store.ts';
import type { Engine, EngineName } from '../engines/engine.ts';
import type { Registry } from '../images/registry.ts';

/** A repository that is watched. */
export interface Repository {
  readonly id: string;
  /** The branch whose head is what runs. */
  readonly base: string;
  readonly forge: Forge;
  readonly mirror: Mirror;
}

/** What the workflows work with. */
export interface Services {
  readonly store: RunStore;
  readonly repositories: ReadonlyMap<string, Repository>;
  readonly engines: ReadonlyMap<EngineName, Engine>;
  /** The engine of stacks that name none. */
  readonly defaultEngine: EngineName;
  /** The registries of images that are built elsewhere, with what a repository may log in to. Default: those that are open to everybody. */
  readonly registriesOf?: (repository: string) => Registry;
  /** Policy packs of the runner's own file that the stacks of a repository have to come through. Default: none. */
  readonly policiesOf?: (repository: string) => readonly RunnerPolicySettings[];
  /** What commands of a repository may see of our environment. Default: nothing. */
  readonly programEnvironment?: Readonly<Record<string, string>>;
  /** Where checkouts are made. */
  readonly workFolder: string;
  /** Aborted when this process ends: what is interrupted by it goes on in the next life. */
  readonly ending: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
  /** The address of a page, if there is one: `changes/estate/more-replicas`. */
  link(path: string): string | undefined;
  /** Told of every run that ended, every rollout and every change that was looked at: one line for people. */
  tell(line: string): void;
}

/** A repository by id. One that is not configured any more is a mistake of the runner's settings. */
export function repositoryOf(services: Services, id: string): Repository {
  const repository = services.repositories.get(id);
  if (!repository) throw new Error(`no repository ${id} is configured`);
  return repository;
}
