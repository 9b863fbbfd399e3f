import { createHash } from 'node:crypto';
import type { Context, Hono } from 'hono';
import { isMainstayError, messageOf } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { BranchesOfChanges } from '../core/branches-of-changes.ts';
import { commentEventId } from '../core/comment-event.ts';
import type { Forge } from '../core/forge.ts';
import type { RepositoryEvent } from '../core/repository-event.ts';
import type { RunStore } from '../core/run-store.ts';
import type { Notice, WebhookDialect } from '../core/webhook.ts';

/** GitHub sends up to 25 MB; what is longer than this is none that we act on. */
const LONGEST_DELIVERY = 5 * 1024 * 1024;

/** A repository whose forge tells of events. */
export interface WebhookTarget {
  readonly id: string;
  readonly base: string;
  /** The repository's name at the forge: a delivery has to be about it. */
  readonly name: string;
  readonly secret: string;
  readonly dialect: WebhookDialect;
  readonly forge: Pick<Forge, 'setStatus'>;
  readonly branches: BranchesOfChanges;
  /** Looks at the repository now; a look under way that sees what the delivery tells is enough. */
  look(notice: Notice): void;
}

export interface WebhookOptions {
  readonly targets: ReadonlyMap<string, WebhookTarget>;
  readonly store: Pick<RunStore, 'events' | 'changes'>;
  /** When it resolves the event is not lost any more. */
  receive(event: RepositoryEvent): Promise<void>;
  /** The address of a page. */
  link(path: string): string | undefined;
  readonly log: Log;
  /** Counts by what became of a delivery. */
  readonly counts: Map<DeliveryEnd, number>;
}

export type DeliveryEnd = 'taken' | 'repeated' | 'ignored' | 'unknown' | 'too-long' | 'forged' | 'malformed' | 'failed';

const ANSWERS: Readonly<Record<DeliveryEnd, readonly [status: 200 | 202 | 400 | 401 | 404 | 413 | 503, text: string]>> =
  {
    taken: [202, 'taken'],
    repeated: [200, 'was taken before'],
    ignored: [200, 'not for us'],
    unknown: [404, "Cannot take the delivery as no repository with webhooks has this name. See the runner's settings."],
    'too-long': [413, `Cannot take the delivery as it is longer than ${LONGEST_DELIVERY} bytes. Send fewer events.`],
    forged: [
      401,
      'Cannot take the delivery as its signature is not made with our secret. Set the same one at both sides.',
    ],
    malformed: [
      400,
      "Cannot take the delivery as it is not what the forge documents. Send JSON, and this repository's events.",
    ],
    failed: [503, 'Cannot take the delivery now. Send it again.'],
  };

/**
 * `POST /webhooks/<repository>`. A delivery is stored, once, before the answer says so; what comes again or in another order changes nothing, as only
 * *look now* is taken from it, and comments by their ids. A refused one is counted and nothing of it is looked at.
 */
export function serveWebhooks(app: Hono, options: WebhookOptions): void {
  app.post('/webhooks/:repository', async (context) => {
    const end = await take(options, context).catch((error: unknown): DeliveryEnd => {
      options.log.error({ error: messageOf(error) }, 'a delivery could not be stored');
      return 'failed';
    });
    options.counts.set(end, (options.counts.get(end) ?? 0) + 1);
    const [status, text] = ANSWERS[end];
    return context.json({ result: text }, status);
  });
}

async function take(options: WebhookOptions, context: Context): Promise<DeliveryEnd> {
  const target = options.targets.get(context.req.param('repository') ?? '');
  if (!target) return 'unknown';
  const body = await readBody(context.req.raw);
  if (body === undefined) return 'too-long';
  const { headers } = context.req.raw;
  if (!target.dialect.verify(headers, body, target.secret)) return 'forged';
  const event = headers.get(target.dialect.eventHeader);
  if (event === null) return 'malformed';
  let notice: ReturnType<WebhookDialect['parse']>;
  try {
    notice = target.dialect.parse(event, JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)));
  } catch (error) {
    options.log.warn({ repository: target.id, event, error: messageOf(error) }, 'a signed delivery could not be read');
    return 'malformed';
  }
  // One secret may serve several repositories: a delivery about another one is not taken here.
  if (notice.repository !== undefined && notice.repository.toLowerCase() !== target.name.toLowerCase())
    return 'malformed';
  if (notice.kind === 'ignored') return 'ignored';
  return act(options, target, { notice, body });
}

/** The bytes as they came; undefined where there are too many. The length that is announced is not believed. */
async function readBody(request: Request): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of request.body ?? []) {
    size += part.byteLength;
    if (size > LONGEST_DELIVERY) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

async function act(
  options: WebhookOptions,
  target: WebhookTarget,
  { notice, body }: { readonly notice: Notice; readonly body: Uint8Array },
): Promise<DeliveryEnd> {
  const event = eventOf(target, notice);
  if (event) {
    const first = await options.store.events.add(event);
    // Handed on again all the same: the process may have ended between the two, and the same id is handled once.
    await options.receive(event);
    return first ? 'taken' : 'repeated';
  }
  const id = `${target.id}/delivery/${createHash('sha256').update(body).digest('hex')}`;
  const first = await options.store.events.add({ id, repository: target.id, kind: 'look-wanted' });
  if (first) void tellPending(options, target, notice);
  target.look(notice);
  return first ? 'taken' : 'repeated';
}

/** A comment is handled once by its id, whatever else a forger of headers or a replay brings. */
function eventOf({ id: repository }: WebhookTarget, notice: Notice): RepositoryEvent | undefined {
  if (notice.kind === 'comment') {
    const { change, comment, author, text } = notice;
    const id = commentEventId({ repository, change, comment });
    return { id, repository, kind: 'comment-made', change, comment, author, text };
  }
  if (notice.kind !== 'queue') return undefined;
  const { head, base, branch } = notice;
  return { id: `${repository}/queue/${head}`, repository, kind: 'queue-entered', head, base, branch };
}

/** Says at once that we saw a new head, unless the sweep was there first. */
async function tellPending(options: WebhookOptions, target: WebhookTarget, notice: Notice): Promise<void> {
  const { store, link, log } = options;
  const moved = target.branches.changeOf(notice);
  if (moved?.base !== target.base) return;
  const { change, head } = moved;
  const id = `${target.id}/${change}`;
  try {
    const known = await store.changes.get(id);
    if (known?.head === head || (notice.kind === 'pushed' && known?.state !== 'open')) return;
    // Forges tell of one push twice: as a push, and as a new head of the change.
    if (!target.branches.isFirst(moved)) return;
    const status = { commit: head, context: 'mainstay', state: 'pending' as const, text: 'is being looked at' };
    await target.forge.setStatus({ ...status, link: link(`changes/${id}`) });
  } catch (error) {
    const level = isMainstayError(error) ? 'warn' : 'error';
    log[level]({ change: id, error: messageOf(error) }, 'the forge did not take the first status');
  }
}
