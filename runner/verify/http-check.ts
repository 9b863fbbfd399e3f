import { messageOf } from '../../foundation/errors.ts';
import { holdGood, type Sample } from './hold-good.ts';
import { type Verifier, withOutputs } from './verifier.ts';

/** How long one request may take. */
const REQUEST_MS = 10_000;
/** The most of an answer that is read. */
const MOST_BYTES = 1024 * 1024;

export const httpCheck: Verifier<'http'> = (check, { outputs, signal, note }) => {
  const url = withOutputs(check.url, outputs);
  const ask = () => request(url, { status: check.status, contains: check.contains, signal });
  return holdGood(ask, { ...check, period: check.for, signal, note });
};

async function request(
  url: string,
  {
    status,
    contains,
    signal,
  }: { readonly status: number; readonly contains: string | undefined; readonly signal: AbortSignal },
): Promise<Sample> {
  try {
    const response = await fetch(url, {
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]),
    });
    const body = await beginningOf(response);
    if (response.status !== status) return { good: false, text: `${url} answers ${response.status} and not ${status}` };
    if (contains !== undefined && !body.includes(contains))
      return { good: false, text: `${url} answers without ${JSON.stringify(contains)}` };
    return { good: true, text: `${url} answers ${status}` };
  } catch (error) {
    signal.throwIfAborted();
    const cause = error instanceof Error && error.cause ? error.cause : error;
    return { good: false, text: `${url} does not answer: ${messageOf(cause)}` };
  }
}

/** A server that sends without end must not fill our memory. */
export async function beginningOf(response: Response): Promise<string> {
  if (!response.body) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MOST_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}
