import { messageOf } from '../../foundation/errors.ts';
import { repeat } from '../../foundation/repeat.ts';
import { formatReference, type ImageReference, newestTag, parseReference, valueAfter } from '../core/image-version.ts';
import type { PromotionSettings } from '../core/promotion-settings.ts';
import type { SourceTree } from '../core/source-tree.ts';
import { findStacks, type Stack } from '../core/stack.ts';
import { type EditedFile, editVersions, type StackFile } from '../core/version-edit.ts';
import { createRegistry, type Registry } from '../images/registry.ts';
import { settingsOfBase } from './drift-facts.ts';
import { runId } from './preview-change.ts';
import { repositoryOf, type Services } from './services.ts';

const SOONEST_MS = 250;
const LATEST_MS = 10_000;

/** A promotion whose versions come from a registry. */
export type ImagePromotion = PromotionSettings & { readonly image: NonNullable<PromotionSettings['image']> };

/** Starts to write what is queued; the same id is one start, whoever makes it. */
export type StartWriting = (repository: string, promotion: string) => Promise<void>;

export function hasImage(rule: PromotionSettings): rule is ImagePromotion {
  return rule.image !== undefined;
}

export function registryOf(services: Services, repository: string): Registry {
  return services.registriesOf?.(repository) ?? createRegistry([]);
}

/** Asks the registries whose turn it is, in every repository. Returns the time until it is worth looking again, in milliseconds. */
export async function lookAtImages(services: Services, write: StartWriting): Promise<number> {
  const { store, clock } = services;
  let shortest = LATEST_MS * 4;
  for (const repository of services.repositories.keys()) {
    // Settings with mistakes are told where they are read for a change; the other repositories' images do not wait for them.
    const settings = await settingsOfBase(services, repository).catch(() => undefined);
    if (!settings) continue;
    const rules = settings.promotions.filter(hasImage);
    await store.images.keep(
      repository,
      rules.map(({ name }) => name),
    );
    for (const rule of rules) {
      shortest = Math.min(shortest, rule.image.every);
      const at = { repository, name: rule.name };
      if (!(await store.images.claim(at, { now: new Date(clock.now()), every: rule.image.every }))) continue;
      await lookAt(services, { repository, rule, write }).then(
        (newest) => store.images.found({ ...at, newest, problem: '' }),
        async (error: unknown) => {
          services.log.warn({ ...at, error: messageOf(error) }, 'could not find out the newest version of an image');
          await store.images.found({ ...at, problem: messageOf(error) });
        },
      );
    }
  }
  return Math.max(SOONEST_MS, Math.min(LATEST_MS, shortest / 4));
}

/** Queues the promotion of the newest version where the first stack has an older one. Returns the newest as it is written. */
async function lookAt(
  services: Services,
  {
    repository,
    rule,
    write,
  }: { readonly repository: string; readonly rule: ImagePromotion; readonly write: StartWriting },
): Promise<string | undefined> {
  const { image, name } = rule;
  const registry = registryOf(services, repository);
  const { base, mirror } = repositoryOf(services, repository);
  const head = (await services.store.events.heads(repository)).get(base)!;
  const tag = newestTag(await registry.tags(image.repository), image);
  if (tag === undefined) return undefined;
  const wanted = await referenceOf(registry, image, tag);
  const newest = formatReference(wanted);
  const to = rule.path[0]!;
  const tree = await mirror.tree(head.commit);
  const file = await fileOf(tree, await findStacks(tree), to);
  if (editedByImage(rule, { file, wanted, forced: false }).changes.length === 0) return newest;
  // One promotion for each version and each text of the file: what was taken back to the text before stays taken back.
  const id = runId('i', JSON.stringify([repository, name, to, newest, file.text]));
  const added = await services.store.promotions.add({ id, repository, name, from: newest, to, by: 'mainstay' });
  if (added) {
    services.tell(`image ${newest} is new for ${to}`);
    const text = `promote ${name} from ${newest} to ${to}, as it is the newest`;
    await services.store.audit.add({ kind: 'promotion', repository, subject: id, by: 'mainstay', text, key: id });
  }
  const promotion = await services.store.promotions.get(id);
  if (promotion?.state === 'queued') await write(repository, id);
  return newest;
}

/** The image as it is to be written. Rejects where the registry has no such tag. */
export async function referenceOf(
  registry: Registry,
  image: ImagePromotion['image'],
  tag: string,
): Promise<ImageReference> {
  const { repository, pin } = image;
  const digest = await registry.digest(repository, tag);
  return { repository, tag, digest: pin === 'digest' ? digest : undefined };
}

/** A stack's file with another version of the image. `forced`: somebody asked for just this one, older or not. */
export function editedByImage(
  { image, values }: ImagePromotion,
  { file, wanted, forced }: { readonly file: StackFile; readonly wanted: ImageReference; readonly forced: boolean },
): EditedFile {
  return editVersions(values, file, (_path, present) => valueAfter(present, wanted, image, forced));
}

async function fileOf(tree: SourceTree, stacks: readonly Stack[], name: string): Promise<StackFile> {
  const stack = stacks.find((each) => each.id === name || each.name === name)!;
  return { file: stack.file, text: await tree.read(stack.file) };
}

/** The image that a promotion brings, where that is one of this rule. */
export function imageOf(rule: PromotionSettings, from: string): ImageReference | undefined {
  const wanted = parseReference(from);
  return wanted !== undefined && wanted.repository === rule.image?.repository ? wanted : undefined;
}

/** Keeps asking. Returns a function that stops. */
export function startWatchingImages(services: Services, write: StartWriting): () => Promise<void> {
  return repeat(async () => {
    try {
      return await lookAtImages(services, write);
    } catch (error) {
      services.log.warn({ error: messageOf(error) }, 'cannot find out which images to look at; trying again');
      return LATEST_MS;
    }
  });
}
