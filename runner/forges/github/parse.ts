import type { WebhookDialect } from '../../core/webhook.ts';
import { parseHubPayload } from '../hub-payload.ts';
import { isSigned } from '../signature.ts';

/** https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries */
export const githubWebhooks: WebhookDialect = {
  eventHeader: 'x-github-event',
  verify: (headers, body, secret) =>
    isSigned(body, secret, headers.get('x-hub-signature-256')?.replace(/^sha256=/, '') ?? null),
  parse: parseHubPayload,
};
