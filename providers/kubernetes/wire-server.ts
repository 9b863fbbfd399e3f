import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** For tests: an HTTP server that answers as the test says, for what no real API server does when asked (be too busy, ...). */
export class WireServer {
  readonly requests: WireRequest[] = [];
  /** Connections that were opened. */
  connections = 0;
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
    server.on('connection', () => {
      this.connections += 1;
    });
  }

  static async start(answer: (request: WireRequest) => WireAnswer | Promise<WireAnswer>): Promise<WireServer> {
    const server = createServer((incoming, outgoing) => {
      void readRequest(incoming).then(async (request) => {
        wire.requests.push(request);
        send(outgoing, await answer(request));
      });
    });
    const wire = new WireServer(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return wire;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** A kubeconfig for this server with this user. */
  kubeconfig(user: object = {}): string {
    return JSON.stringify({
      'current-context': 'wire',
      clusters: [{ name: 'wire', cluster: { server: this.url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'wire', user }],
      contexts: [{ name: 'wire', context: { cluster: 'wire', user: 'wire' } }],
    });
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

async function readRequest(incoming: IncomingMessage): Promise<WireRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const { method = '', url = '', headers } = incoming;
  return { method, path: url, headers, body: Buffer.concat(chunks).toString() };
}

function send(outgoing: ServerResponse, { status, headers, body = {} }: WireAnswer): void {
  outgoing.writeHead(status, { 'content-type': 'application/json', ...headers });
  outgoing.end(JSON.stringify(body));
}
