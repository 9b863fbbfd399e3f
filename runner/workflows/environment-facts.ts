import type { Change } from '../core/change.ts';
import type { EnvironmentFacts, KnownChange, Template } from '../core/decide-environments.ts';
import { templatesOf } from '../core/environment-templates.ts';
import type { Settings } from '../core/settings.ts';
import { findStacks, type Stack } from '../core/stack.ts';
import { repositoryOf, type Services } from './services.ts';

/** All that decides about the preview environments of a repository, as it is now. */
export async function environmentFacts(
  services: Services,
  repository: string,
  settings: Settings,
): Promise<EnvironmentFacts> {
  const { store, clock } = services;
  const stacks = await stacksOfBase(services, repository);
  const templates = templatesOf(settings, stacks);
  const environments = await store.environments.list({ repository });
  const open = await store.changes.list(repository, 'open');
  const others = new Set(environments.map(({ change }) => change).filter((id) => !open.some((each) => each.id === id)));
  const changes = await Promise.all([
    ...open.map((change) => knownChange(services, change, templates)),
    ...[...others].map((id) => otherChange(services, repository, id)),
  ]);
  return {
    ...{ now: clock.now(), templates, changes, environments },
    wishes: new Map((await store.environments.wishes(repository)).map((wish) => [wish.change, wish])),
    own: new Set(stacks.map(({ id }) => id)),
  };
}

export async function stacksOfBase({ store, repositories }: Services, repository: string): Promise<readonly Stack[]> {
  const { base, mirror } = repositories.get(repository)!;
  const head = (await store.events.heads(repository)).get(base)?.commit;
  return head ? findStacks(await mirror.tree(head)) : [];
}

/** What a merge affects never changes. */
const affected = new Map<string, readonly string[]>();
const MOST_KNOWN = 10_000;

async function knownChange(
  services: Services,
  { id, repository, name, state, head, merge, problem, allowed, pushedAt }: Change,
  templates: readonly Template[],
): Promise<KnownChange> {
  const change = { id, name, state, head, merge, problem, allowed, pushedAt };
  if (merge === undefined) return { ...change, affects: [] };
  const asked = templates.filter(({ settings }) => settings.for === 'affected').map(({ stack }) => stack);
  const key = `${id} ${merge} ${asked.join(' ')}`;
  const before = affected.get(key);
  if (before) return { ...change, affects: before };
  const affects: string[] = [];
  for (const stack of asked) {
    // Its previews were put down before the merge was.
    const { items } = await services.store.runs.page({ repository, change: id, stack, kind: 'preview', limit: 50 });
    if (items.some(({ commit }) => commit === merge)) affects.push(stack);
  }
  if (affected.size >= MOST_KNOWN) affected.clear();
  affected.set(key, affects);
  return { ...change, affects };
}

/** One that is not open as far as the database knows: of what it does not know, the repository is asked. */
async function otherChange(services: Services, repository: string, id: string): Promise<KnownChange> {
  const known = await services.store.changes.get(id);
  const name = id.slice(repository.length + 1);
  const rest = { id, name, head: known?.head ?? '', merge: undefined, problem: undefined, affects: [] };
  return { ...rest, state: known?.state ?? (await stateOfUnknown(services, repository, name)) };
}

async function stateOfUnknown(services: Services, repository: string, name: string): Promise<Change['state']> {
  const { forge, mirror, base } = repositoryOf(services, repository);
  if (forge.proposals) return forge.proposals.endOf(name);
  const heads = await mirror.fetch();
  const [own, onto] = [name, base].map((branch) => heads.find((head) => head.branch === branch)?.commit);
  if (own === undefined || onto === undefined) return 'closed';
  return (await mirror.contains(onto, own)) ? 'merged' : 'open';
}
