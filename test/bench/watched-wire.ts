import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request that went through, with its times in milliseconds of this process (`performance.now()`). */
export interface Exchange {
  /** `POST /api/v1/repos/…`. */
  readonly asked: string;
  /** The event that a delivery says it is. */
  readonly event: string | undefined;
  readonly began: number;
  /** When the whole answer was through. */
  readonly ended: number;
}

/**
 * Stands between two servers and notes when what went through: asking them instead would load them, and say it as late as it asks. `target` may be set
 * once it is known.
 */
export class WatchedWire {
  target = '';
  readonly exchanges: Exchange[] = [];
  readonly #server: Server;
  readonly #waiting = new Set<() => void>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(target = ''): Promise<WatchedWire> {
    const server = createServer({ keepAliveTimeout: 60_000 });
    const wire = new WatchedWire(server);
    wire.target = target;
    server.on('request', (incoming, outgoing) => {
      const began = performance.now();
      const asked = `${incoming.method} ${incoming.url}`;
      const event = incoming.headers['x-gitea-event-type'] ?? incoming.headers['x-gitea-event'];
      const options = { method: incoming.method!, headers: incoming.headers };
      const passed = request(new URL(incoming.url!, wire.target), options, (answer) => {
        outgoing.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(outgoing);
        answer.on('end', () => wire.#note({ asked, event: event?.toString(), began, ended: performance.now() }));
      });
      passed.on('error', () => outgoing.destroy());
      incoming.pipe(passed);
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    return wire;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The first exchange since `since` that is such a one, or that comes. Rejects after two minutes. */
  async first(since: number, isSuch: (exchange: Exchange) => boolean): Promise<Exchange> {
    const deadline = performance.now() + 120_000;
    for (;;) {
      const found = this.exchanges.find((exchange) => exchange.began >= since && isSuch(exchange));
      if (found) return found;
      const left = deadline - performance.now();
      if (left < 0) throw new Error('what was waited for did not come within two minutes');
      await new Promise<void>((resume) => {
        const timer = setTimeout(resume, left);
        this.#waiting.add(() => {
          clearTimeout(timer);
          resume();
        });
      });
    }
  }

  #note(exchange: Exchange): void {
    this.exchanges.push(exchange);
    const told = [...this.#waiting];
    this.#waiting.clear();
    for (const tell of told) tell();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}
