import { readFile } from 'node:fs/promises';
import https from 'node:https';
import { messageOf, userError } from '../../foundation/errors.ts';
import { type KubeFields, textAt } from './object.ts';

/** An id token is renewed this many milliseconds before it expires. */
const MARGIN = 10_000;
const ANSWER_LIMIT = 30_000;

interface Answer {
  readonly status: number;
  readonly body: KubeFields;
}

/**
 * The id token of a kubeconfig's `auth-provider` of the name oidc, renewed with its refresh token where it has expired. `settings` are
 * its `config`; what is renewed stays in memory, as the kubeconfig may be nobody's file. The client library leaves the client's
 * secret out, which issuers of confidential clients refuse. Rejects with a user error in the issuer's own words.
 */
export class OidcCredentials {
  readonly #settings: KubeFields;
  #token: string;
  #refreshToken: string;

  constructor(settings: KubeFields) {
    this.#settings = settings;
    this.#token = textAt(settings, 'id-token');
    this.#refreshToken = textAt(settings, 'refresh-token');
  }

  async token(now: number): Promise<string | undefined> {
    if (!isExpired(this.#token, now)) return this.#token;
    if (this.#refreshToken === '' || this.#issuer === '') return this.#token || undefined;
    return this.renew();
  }

  /** Asks the issuer for a new token, whatever the old one says. */
  async renew(): Promise<string> {
    const found = await this.#ask(`${this.#issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: this.#refreshToken,
      client_id: textAt(this.#settings, 'client-id'),
      client_secret: textAt(this.#settings, 'client-secret'),
    });
    if (form.get('client_secret') === '') form.delete('client_secret');
    const answer = await this.#ask(textAt(found.body, 'token_endpoint'), form.toString());
    const token = textAt(answer.body, 'id_token');
    if (token === '') throw this.#failed('its answer holds no id_token');
    this.#token = token;
    this.#refreshToken = textAt(answer.body, 'refresh_token') || this.#refreshToken;
    return token;
  }

  get #issuer(): string {
    return textAt(this.#settings, 'idp-issuer-url');
  }

  async #ask(address: string, form?: string): Promise<Answer> {
    const answer = await send(address, { form, ca: await this.#ca() }).catch((error: unknown) => {
      throw this.#failed(messageOf(error));
    });
    if (answer.status === 200) return answer;
    const said = textAt(answer.body, 'error_description') || textAt(answer.body, 'error') || 'it did not say why';
    throw this.#failed(`it answered ${answer.status}: ${said}`);
  }

  async #ca(): Promise<string | undefined> {
    const data = textAt(this.#settings, 'idp-certificate-authority-data');
    if (data !== '') return Buffer.from(data, 'base64').toString();
    const path = textAt(this.#settings, 'idp-certificate-authority');
    return path === '' ? undefined : readFile(path, 'utf8');
  }

  #failed(why: string): Error {
    return userError(`Cannot renew the token of the issuer ${this.#issuer} as ${why}. Log in again.`);
  }
}

/** What is no JWT, or does not say, is taken to be good: the server decides. */
function isExpired(token: string, now: number): boolean {
  if (token === '') return true;
  try {
    const { exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { exp?: unknown };
    return typeof exp === 'number' && exp * 1000 - MARGIN <= now;
  } catch {
    return false;
  }
}

function send(
  address: string,
  { form, ca }: { readonly form: string | undefined; readonly ca: string | undefined },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const url = new URL(address);
    if (url.protocol !== 'https:') throw new Error(`its address is not https: ${address}`);
    const headers = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
    const options = { method: form === undefined ? 'GET' : 'POST', headers, ca, timeout: ANSWER_LIMIT };
    const outgoing = https.request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString();
        try {
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) });
        } catch {
          reject(new Error(`its answer ${response.statusCode} is no JSON`));
        }
      });
    });
    outgoing.once('timeout', () => outgoing.destroy(new Error(`it did not answer within ${ANSWER_LIMIT / 1000} s`)));
    outgoing.once('error', reject);
    outgoing.end(form);
  });
}
