import { createHmac } from 'node:crypto';
import type { Notice, NoticeKind } from '../core/notice.ts';

interface Channel {
  readonly name: string;
  readonly on: readonly NoticeKind[];
  /** The shortest time between two messages: what happens meanwhile goes together. */
  readonly everySeconds: number;
}

/** Where notices are posted to. */
export type PostedSettings = Channel &
  (
    | { readonly kind: 'webhook'; readonly url: string; readonly secret: string }
    | { readonly kind: 'slack'; readonly url: string }
  );

/** Where notices are mailed to. */
export interface EmailSettings extends Channel {
  readonly kind: 'email';
  readonly host: string;
  /** Default: the usual one of `tls`. */
  readonly port?: number | undefined;
  /** `starttls`: refused where the server does not offer it; `implicit`: from the first byte; `none`: in the clear. */
  readonly tls: 'starttls' | 'implicit' | 'none';
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** PEM of what the server's certificate is held against. Default: what Node.js knows. */
  readonly ca?: string | undefined;
  readonly from: string;
  readonly to: readonly string[];
}

/** Where notices go, with its secrets read. */
export type ChannelSettings = PostedSettings | EmailSettings;

/** A notice as a channel shows it. */
export type ToldNotice = Omit<Notice, 'path'> & { readonly link: string | undefined };

/** What is posted: the body, and the headers that go with it. */
export interface Posted {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** `delivery` is the same for every try of one message. */
export function messageFor(
  channel: PostedSettings,
  { notices, delivery }: { readonly notices: readonly ToldNotice[]; readonly delivery: string },
): Posted {
  const type = { 'content-type': 'application/json', 'x-mainstay-delivery': delivery };
  if (channel.kind === 'slack') return { body: JSON.stringify({ text: slackText(notices) }), headers: type };
  const body = JSON.stringify({ delivery, notices });
  const signature = createHmac('sha256', channel.secret).update(body).digest('hex');
  return { body, headers: { ...type, 'x-mainstay-signature-256': `sha256=${signature}` } };
}

const SIGNS: Readonly<Record<NoticeKind, string>> = {
  'run-failed': ':x:',
  'approval-wanted': ':raised_hand:',
  'drift-found': ':warning:',
  'drift-gone': ':white_check_mark:',
  'rollout-finished': ':rocket:',
  'break-glass': ':rotating_light:',
};

/** One line each in Slack's own marks; what came from elsewhere cannot make marks or mentions. */
function slackText(notices: readonly ToldNotice[]): string {
  return notices
    .map(({ kind, repository, text, link, sandbox }) => {
      const said = `${SIGNS[kind]} *${escaped(repository)}*${sandbox ? ' (sandbox)' : ''} ${escaped(text)}`;
      return link === undefined ? said : `${said} <${link}|look>`;
    })
    .join('\n');
}

/** https://docs.slack.dev/messaging/formatting-message-text : these three, and nothing else. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
