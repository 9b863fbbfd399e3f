import { createHash } from 'node:crypto';
import { messageOf } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import { redactor } from '../../foundation/redact.ts';
import type { Delivery, NoticeStore } from '../core/notice.ts';
import { type ChannelSettings, messageFor, type Posted, type PostedSettings } from './channels.ts';
import { sendEmail } from './email.ts';

/** Notices in one message, and how long one try of it may take, in seconds. */
const MOST = 20;
const LIMIT_SECONDS = 10;

/** After that many tries a notice is given up; about half an hour in all. */
export const MOST_ATTEMPTS = 8;

/** Seconds until the second try; doubled with every further one. */
const FIRST_PAUSE = 10;
const LONGEST_PAUSE = 600;

export interface DeliveryContext {
  readonly notices: NoticeStore;
  readonly log: Log;
  /** The address of a page, if there is one. */
  link(path: string): string | undefined;
}

/**
 * Looks what has happened and sends what is due, in one message. What is on its way is in the database: another runner, or this one's next life,
 * goes on. A message may so arrive twice, with the same `x-mainstay-delivery`; it is never lost but after `MOST_ATTEMPTS`.
 */
export async function deliverDue(channel: ChannelSettings, context: DeliveryContext): Promise<void> {
  const { notices, log } = context;
  await notices.collect(channel.name, channel.on);
  const { everySeconds } = channel;
  const due = await notices.take(channel.name, { most: MOST, leaseSeconds: LIMIT_SECONDS * 3, everySeconds });
  if (due.length === 0) return;
  try {
    await tell(channel, due, context);
    await notices.sent(due.map(({ number }) => number));
  } catch (error) {
    const problem = redactor.redact(messageOf(error)).slice(0, 500);
    log.warn({ channel: channel.name, problem, notices: due.length }, 'could not deliver notices');
    for (const { number, attempts } of due)
      await notices.failed(number, {
        problem,
        againSeconds: attempts >= MOST_ATTEMPTS ? undefined : pauseAfter(attempts),
      });
  }
}

function pauseAfter(attempts: number): number {
  return Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempts - 1));
}

async function tell(channel: ChannelSettings, due: readonly Delivery[], { link, log }: DeliveryContext): Promise<void> {
  const told = due.map(({ notice: { path, ...notice } }) => ({ ...notice, link: link(path) }));
  const delivery = createHash('sha256')
    .update(due.map(({ number }) => number).join(' '))
    .digest('hex')
    .slice(0, 32);
  // The last sink: whatever got into a text in the meantime does not leave.
  const notices = JSON.parse(redactor.redact(JSON.stringify(told))) as typeof told;
  if (channel.kind === 'email') await sendEmail(channel, { notices, delivery, log });
  else await post(channel, messageFor(channel, { notices, delivery }));
}

async function post({ url, kind, name }: PostedSettings, { body, headers }: Posted): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    body,
    headers,
    redirect: 'error',
    signal: AbortSignal.timeout(LIMIT_SECONDS * 1000),
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`${kind} ${name} answered ${answer.status}`);
}

const EVERY_MS = 2000;

/** Delivers until stopped; channels do not wait for each other. Returns a function that stops it. */
export function startDelivering(channels: readonly ChannelSettings[], context: DeliveryContext): () => Promise<void> {
  let stopped = false;
  const under = new Map<string, Promise<void>>();
  const look = () => {
    for (const channel of channels) {
      if (stopped || under.has(channel.name)) continue;
      const work = deliverDue(channel, context)
        .catch((error: unknown) => context.log.debug({ error: messageOf(error) }, 'could not look for notices'))
        .finally(() => under.delete(channel.name));
      under.set(channel.name, work);
    }
  };
  const timer = setInterval(look, EVERY_MS);
  look();
  return async () => {
    stopped = true;
    clearInterval(timer);
    await Promise.all(under.values());
  };
}
