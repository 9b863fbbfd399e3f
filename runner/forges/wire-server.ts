import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A call that has to come, and what it is answered. */
export interface WireCall {
  /** `GET /api/v1/user`. */
  readonly call: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly answer?: unknown;
  /** What the body of the request has to be. */
  readonly body?: unknown;
  /** `half` ends the connection in the middle of the answer; `slow` never answers. */
  readonly fault?: 'half' | 'slow';
}

/** A forge at the wire: answers what it was told to, in that order, and fails on a call that is not expected or does not come. */
export interface WireServer {
  readonly url: string;
  expect(...calls: readonly WireCall[]): void;
  /** Headers of the calls so far. */
  readonly seen: readonly Readonly<Record<string, unknown>>[];
  /** Throws where a call was not expected, or an expected one did not come. */
  verify(): void;
  close(): Promise<void>;
}

export async function startWireServer(): Promise<WireServer> {
  const expected: WireCall[] = [];
  const mistakes: string[] = [];
  const seen: Readonly<Record<string, unknown>>[] = [];
  const server = createServer(async (request, response) => {
    const call = `${request.method} ${request.url}`;
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    // Whoever asked a server that had this port before is none of ours: answering would use up what was expected.
    if (!/^mainstay/.test(request.headers['user-agent'] ?? '')) return void response.writeHead(404).end();
    seen.push(request.headers);
    const next = expected.shift();
    if (next?.call !== call) mistakes.push(`${call} came, and ${next?.call ?? 'nothing'} was expected`);
    else if (next.body !== undefined) {
      try {
        assert.deepEqual(JSON.parse(Buffer.concat(parts).toString()), next.body);
      } catch (error) {
        mistakes.push(`${call}: ${(error as Error).message}`);
      }
    }
    if (next?.fault === 'slow') return;
    const text = typeof next?.answer === 'string' ? next.answer : JSON.stringify(next?.answer ?? {});
    response.writeHead(next?.status ?? (next ? 200 : 599), {
      'content-type': 'application/json',
      ...next?.headers,
      'content-length': Buffer.byteLength(text),
    });
    if (next?.fault === 'half') {
      response.write(text.slice(0, text.length / 2), () => response.destroy());
      return;
    }
    response.end(text);
  });
  // On a busy machine a connection rests for long, and one that is closed while it is asked is a fault that nobody ordered.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    expect: (...calls) => void expected.push(...calls),
    verify: () => {
      const unused = expected.splice(0).map(({ call }) => `${call} did not come`);
      assert.deepEqual([...mistakes.splice(0), ...unused], []);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
