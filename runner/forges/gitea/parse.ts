import type { WebhookDialect } from '../../core/webhook.ts';
import { parseHubPayload } from '../hub-payload.ts';
import { isSigned } from '../signature.ts';

/** https://docs.gitea.com/usage/webhooks. Forgejo sends the same headers beside its own. */
export const giteaWebhooks: WebhookDialect = {
  eventHeader: 'x-gitea-event',
  verify: (headers, body, secret) => isSigned(body, secret, headers.get('x-gitea-signature')),
  parse: (event, payload) => parseHubPayload(/^pull_request_comment$/.test(event) ? 'issue_comment' : event, payload),
};
