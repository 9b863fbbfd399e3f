import { randomUUID } from 'node:crypto';
import { DBOS } from '@dbos-inc/dbos-sdk';
import { userError } from '../../foundation/errors.ts';
import { nearestName } from '../../foundation/nearest-name.ts';
import type { Actor } from '../core/account.ts';
import { formatReference, parseReference, TAG } from '../core/image-version.ts';
import { type PromotionSettings, ruleNamed } from '../core/promotion-settings.ts';
import type { Settings } from '../core/settings.ts';
import { stacksOfStage } from '../core/stack-order.ts';
import { settingsOfBase } from './drift-facts.ts';
import { runId } from './preview-change.ts';
import { rolloutId } from './rollout-at.ts';
import type { StageWork } from './rollout-wait.ts';
import type { Services } from './services.ts';
import { hasImage, referenceOf, registryOf } from './watch-images.ts';

/** The queue of what is written to branches: one writer per repository. */
export const WRITES_QUEUE = 'writes';

/** Writes every promotion of a repository that is queued. */
export type WritePromotions = (repository: string) => Promise<void>;

export interface PromotionRequest extends Actor {
  readonly repository: string;
  /** A rule of `promotions`: `app=web`, or `web`. */
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** Queues a promotion. Returns its id. Rejects with a user error where the settings have no such way. */
export async function requestPromotion(services: Services, request: PromotionRequest): Promise<string> {
  const settings = await settingsOfBase(services, request.repository);
  if (!settings)
    throw userError(
      `Cannot promote as the repository has not been looked at yet: ${request.repository}. Wait a moment.`,
    );
  const rule = ruleOf(settings, request.name);
  const image = await askedImage(services, rule, request);
  if (image) return queue(services, { ...request, name: rule.name, from: image, to: rule.path[0]! });
  const places = [request.from, request.to].map((stack) => placeOf(rule, stack));
  if (places[0]! >= places[1]!)
    throw userError(
      `Cannot promote from ${request.from} to ${request.to} as the way of ${rule.name} is ${rule.path.join(' → ')}. Choose two of it in that order.`,
    );
  return queue(services, {
    ...request,
    name: rule.name,
    from: rule.path[places[0]!]!,
    to: rule.path[places[1]!]!,
  });
}

/** The image that is meant by a version, as in `mainstay promote web 1.7.0→dev`: somebody has built it, and says so. */
async function askedImage(
  services: Services,
  rule: PromotionSettings,
  { repository, from, to }: PromotionRequest,
): Promise<string | undefined> {
  const [first] = rule.path;
  if (!hasImage(rule) || !isNamed(first!, to) || rule.path.some((stack) => isNamed(stack, from))) return undefined;
  const { image } = rule;
  const tag = parseReference(from)?.repository === image.repository ? parseReference(from)!.tag : from;
  if (!TAG.test(tag))
    throw userError(
      `Cannot promote as ${rule.name} has no such version: ${from}. Name a tag of ${image.repository}, or a stack of ${rule.path.join(' → ')}.`,
    );
  return formatReference(await referenceOf(registryOf(services, repository), image, tag));
}

async function queue(services: Services, request: PromotionRequest): Promise<string> {
  const id = `promotion-${randomUUID()}`;
  await services.store.promotions.add({ ...request, id });
  const text = `promote ${request.name} from ${request.from} to ${request.to}`;
  await services.store.audit.add({
    kind: 'promotion',
    repository: request.repository,
    subject: id,
    by: request.by,
    via: request.via,
    text,
    key: id,
  });
  return id;
}

function ruleOf({ promotions }: Settings, name: string): PromotionSettings {
  const rule = ruleNamed(promotions, name);
  if (rule) return rule;
  const known = promotions.map((each) => each.name);
  const near = nearestName(name, known);
  throw userError(
    `Cannot promote as mainstay.yaml has no such promotion: ${name}. ${near ? `Did you mean ${near}?` : `There is: ${known.join(', ') || 'none; add it under promotions'}.`}`,
  );
}

function placeOf(rule: PromotionSettings, stack: string): number {
  const place = rule.path.findIndex((each) => isNamed(each, stack));
  if (place >= 0) return place;
  throw userError(
    `Cannot promote as ${rule.name} does not come by ${stack}: its way is ${rule.path.join(' → ')}. Choose two of it.`,
  );
}

function isNamed(stack: string, name: string): boolean {
  return stack === name || stack.slice(stack.lastIndexOf('/') + 1) === name;
}

/** Queues the promotions that follow a verified environment by themselves. Part of the rollout's workflow. */
export async function promoteVerified(services: Services, work: StageWork, write: WritePromotions): Promise<void> {
  const { at, stage } = work;
  const queued = await DBOS.runStep(() => queueVerified(services, work), { name: `${stage.environment}: promote` });
  if (queued.length === 0) return;
  const enqueueOptions = { queuePartitionKey: at.repository };
  await DBOS.startWorkflow(write, { workflowID: `write ${queued[0]}`, queueName: WRITES_QUEUE, enqueueOptions })(
    at.repository,
  );
}

async function queueVerified(services: Services, { at, stage }: StageWork): Promise<readonly string[]> {
  const settings = await settingsOfBase(services, at.repository);
  const here = new Set(stacksOfStage(stage).flatMap((id) => [id, id.slice(id.lastIndexOf('/') + 1)]));
  const ids: string[] = [];
  for (const { name, path, when } of settings?.promotions ?? []) {
    if (when !== 'verified') continue;
    for (const [index, to] of path.entries()) {
      const from = path[index - 1];
      if (from === undefined || !here.has(from)) continue;
      const id = runId('v', `${rolloutId(at)} ${name} ${from} ${to}`);
      await services.store.promotions.add({ id, repository: at.repository, name, from, to, by: 'mainstay' });
      ids.push(id);
    }
  }
  return ids;
}
