import type { Outcome, Run } from '../core/run.ts';
import { readSettings } from '../core/settings.ts';
import { findStacks, type Stack } from '../core/stack.ts';
import { orderStages, settingsOf } from '../core/stack-order.ts';
import type { StackWork } from '../engines/engine.ts';
import { upstreamsOf } from './known-upstreams.ts';
import { repositoryOf, type Services } from './services.ts';
import { type OpenStack, withCheckout } from './with-checkout.ts';

/** A program shows what it reads only when it runs: what was found is looked at again, and what that shows, so often. */
const ROUNDS = 3;

/**
 * Previews a stack of a change with what the change's other stacks would then have as outputs, where it reads them. Which it reads is what earlier runs
 * and the settings say, and what its own preview shows.
 */
export async function previewBehind(
  services: Services,
  run: Run,
  { engine, work }: Pick<OpenStack, 'engine' | 'work'>,
): Promise<Outcome> {
  const siblings = run.change === undefined ? [] : await siblingsOf(services, run);
  if (siblings.length === 0 || !engine.previewBehind) return engine.preview(work);
  const known = new Map(upstreamsOf(await services.store.stacks.list(run.repository)));
  let upstreams = await upstreamsIn(services, run, { siblings, known });
  for (let round = 1; ; round += 1) {
    const outcome = await previewed(services, { engine, work, upstreams });
    known.set(run.stack, [...(known.get(run.stack) ?? []), ...namesOf(run.stack, outcome.references)]);
    const seen = await upstreamsIn(services, run, { siblings, known });
    if (round === ROUNDS || seen.length === upstreams.length) return outcome;
    upstreams = seen;
  }
}

/** What of another run is needed to make its preview again. */
type Sibling = Omit<Run, 'outcome'>;

/** The runs of the other stacks that the same preview of the change affects. */
async function siblingsOf({ store }: Services, run: Run): Promise<readonly Sibling[]> {
  const runs = await store.runs.page({ change: run.change!, kind: 'preview', limit: 1000 });
  const here = runs.items.filter(({ commit, stack }) => commit === run.commit && stack !== run.stack);
  return [...new Map(here.map((each) => [each.stack, each])).values()];
}

/** As ids; a name of its own project may be short. */
function namesOf(stack: string, references: readonly string[]): readonly string[] {
  const project = stack.slice(0, stack.lastIndexOf('/'));
  return references.map((name) => {
    const parts = name.split('/');
    return parts.length === 3 ? parts.slice(1).join('/') : `${project}/${parts.at(-1)}`;
  });
}

/** Those of the siblings that it reads, over any number of steps, in the order of their updates. */
async function upstreamsIn(
  services: Services,
  run: Run,
  {
    siblings,
    known,
  }: { readonly siblings: readonly Sibling[]; readonly known: ReadonlyMap<string, readonly string[]> },
): Promise<readonly Sibling[]> {
  const tree = await repositoryOf(services, run.repository).mirror.tree(run.commit);
  const settings = { ...(await readSettings(tree)), environments: [] };
  const own = new Set([run.stack, ...siblings.map(({ stack }) => stack)]);
  const stacks = (await findStacks(tree)).filter(({ id }) => own.has(id));
  const groups = orderStages(stacks, { settings, upstreams: known }).flatMap((stage) => stage.groups);
  const reads = (stack: Stack) => {
    const named = [...settingsOf(settings, stack).dependsOn, ...(known.get(stack.id) ?? [])];
    return stacks.filter(({ id, name }) => id !== stack.id && (named.includes(id) || named.includes(name)));
  };
  const needed = new Set<string>();
  const queue = stacks.filter(({ id }) => id === run.stack);
  for (let stack = queue.pop(); stack; stack = queue.pop())
    for (const upstream of reads(stack))
      if (!needed.has(upstream.id)) {
        needed.add(upstream.id);
        queue.push(upstream);
      }
  return groups.flat().flatMap((id) => (needed.has(id) ? siblings.filter(({ stack }) => stack === id) : []));
}

/** Each upstream in a checkout of its own, as they are opened one inside the other. */
async function previewed(
  services: Services,
  { engine, work, upstreams }: Pick<OpenStack, 'engine' | 'work'> & { readonly upstreams: readonly Sibling[] },
  opened: readonly StackWork[] = [],
): Promise<Outcome> {
  const [first, ...rest] = upstreams;
  if (!first) return opened.length === 0 ? engine.preview(work) : engine.previewBehind!(work, opened);
  const signal = work.signal ?? services.ending;
  return withCheckout(services, { run: first, signal, silent: true }, (upstream) => {
    // What the other engine would propose is not known to this one: it reads what is applied.
    const now = upstream.engine === engine ? [...opened, upstream.work] : opened;
    return previewed(services, { engine, work, upstreams: rest }, now);
  });
}
