import { createTransport, type SendMailOptions } from 'nodemailer';
import type { Log } from '../../foundation/log.ts';
import type { NoticeKind } from '../core/notice.ts';
import type { EmailSettings, ToldNotice } from './channels.ts';

const LOOPBACK = ['127.0.0.1', 'localhost', '::1'];

/** How long the server may say nothing, and how long the whole may take, in milliseconds. */
const QUIET_MS = 10_000;
const WHOLE_MS = 25_000;

/** Where a server usually listens, by how the connection is made safe. */
const PORTS = { starttls: 587, implicit: 465, none: 25 } as const;

/** Whether a password would be readable on its way. */
export function isInTheClear({ tls, host, username }: Pick<EmailSettings, 'tls' | 'host' | 'username'>): boolean {
  return tls === 'none' && username !== undefined && !LOOPBACK.includes(host);
}

/**
 * Gives a message to the mail server. Rejects where the server does not take it for anybody; where it takes it for some, the others are in the log, as a
 * second try would come to everybody.
 */
export async function sendEmail(
  channel: EmailSettings,
  { notices, delivery, log }: { readonly notices: readonly ToldNotice[]; readonly delivery: string; readonly log: Log },
): Promise<void> {
  const { host, port, tls, username, password, ca } = channel;
  const transport = createTransport({
    ...{ host, port: port ?? PORTS[tls], secure: tls === 'implicit', requireTLS: tls === 'starttls' },
    ...{ ignoreTLS: tls === 'none', tls: { ca, minVersion: 'TLSv1.2' } },
    ...(username !== undefined && { auth: { user: username, pass: password ?? '' } }),
    ...{ connectionTimeout: QUIET_MS, greetingTimeout: QUIET_MS, socketTimeout: QUIET_MS },
    // Nothing that a text says is opened or fetched.
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error(`email ${channel.name} took longer than ${WHOLE_MS / 1000} s`)), WHOLE_MS);
  });
  try {
    const sent = await Promise.race([transport.sendMail(emailFor(channel, { notices, delivery })), tooLong]);
    if (sent.rejected.length > 0)
      log.warn(
        { channel: channel.name, rejected: sent.rejected.map(String) },
        'the mail server refused some addresses',
      );
  } finally {
    clearTimeout(timer);
    transport.close();
  }
}

/** `delivery` is the same for every try of one message, and so is what a mail program knows it by. */
export function emailFor(
  { from, to }: Pick<EmailSettings, 'from' | 'to'>,
  { notices, delivery }: { readonly notices: readonly ToldNotice[]; readonly delivery: string },
): SendMailOptions {
  return {
    ...{ from, to: [...to], subject: subjectOf(notices), text: textOf(notices), html: htmlOf(notices) },
    messageId: `<${delivery}@${/@([^>]+)/.exec(from)![1]!}>`,
    // RFC 3834: no answer by a machine.
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Mainstay-Delivery': delivery },
  };
}

const WORDS: Readonly<Record<NoticeKind, readonly [one: string, many: string]>> = {
  'run-failed': ['failed run', 'failed runs'],
  'approval-wanted': ['wanted approval', 'wanted approvals'],
  'drift-found': ['drift found', 'drifts found'],
  'drift-gone': ['drift gone', 'drifts gone'],
  'rollout-finished': ['finished rollout', 'finished rollouts'],
  'break-glass': ['BROKEN GLASS', 'BROKEN GLASSES'],
};

const LONGEST_SUBJECT = 150;

function subjectOf(notices: readonly ToldNotice[]): string {
  const [only, ...more] = notices;
  if (only && more.length === 0) return cut(oneLine(`[Mainstay] ${headOf(only)}: ${only.text}`));
  const kinds = [...Map.groupBy(notices, ({ kind }) => kind)];
  const counts = kinds.map(([kind, { length }]) => `${length} ${WORDS[kind][length === 1 ? 0 : 1]}`);
  const repositories = [...new Set(notices.map(({ repository }) => repository))];
  return cut(oneLine(`[Mainstay] ${repositories.join(', ')}: ${counts.join(', ')}`));
}

function headOf({ repository, sandbox }: ToldNotice): string {
  return `${repository}${sandbox ? ' (sandbox)' : ''}`;
}

function oneLine(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ');
}

function cut(text: string): string {
  return text.length > LONGEST_SUBJECT ? `${text.slice(0, LONGEST_SUBJECT - 1)}…` : text;
}

function textOf(notices: readonly ToldNotice[]): string {
  const told = notices.map((notice) => {
    const { kind, text, link, at } = notice;
    return [`${WORDS[kind][0]}, ${headOf(notice)}, ${at}`, text, ...(link === undefined ? [] : [link])].join('\n');
  });
  return `${told.join('\n\n')}\n`;
}

/** Plain, so that it is readable in every program; what came from elsewhere is text. */
function htmlOf(notices: readonly ToldNotice[]): string {
  const items = notices.map((notice) => {
    const { kind, text, link, at } = notice;
    const look = link === undefined ? '' : ` <a href="${escaped(link)}">look</a>`;
    return `<li><b>${escaped(headOf(notice))}</b> ${escaped(WORDS[kind][0])}: ${escaped(text)}${look} <small>${escaped(at)}</small></li>`;
  });
  return `<!doctype html><html lang="en"><body><ul>${items.join('')}</ul></body></html>`;
}

function escaped(text: string): string {
  const signs: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (sign) => signs[sign]!);
}
