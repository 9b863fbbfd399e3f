import { Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ApiAnswer, type ApiCall, failureAnswer, jsonAnswer, parseCall } from './api-call.ts';
import { EksParts } from './eks-parts.ts';

/** What goes wrong with a call. Where several faults match, the one set last counts. */
export interface Fault {
  /** Of which calls. */
  matches(call: ApiCall): boolean;
  /** How many of them; default: all. */
  readonly times?: number;
  readonly does:
    | { readonly kind: 'fail'; readonly code: string; readonly message: string; readonly status?: number }
    /** The connection is cut before the call is done, or after. */
    | { readonly kind: 'cut'; readonly when: 'before' | 'after' }
    | { readonly kind: 'delay'; readonly ms: number }
    /** The answer is another one. */
    | { readonly kind: 'change'; change(answer: ApiAnswer): ApiAnswer };
}

/** A proxy in front of moto: keeps an account of its own, adds the parts of EKS that moto lacks, counts calls and makes faults. */
export interface AwsFront {
  /** http://127.0.0.1:port, without a slash at the end. */
  readonly url: string;
  /** All calls so far, in order. */
  readonly calls: readonly ApiCall[];
  readonly accountId: string;
  /** Sets a fault; the result takes it away and says how often it happened. */
  addFault(fault: Fault): () => number;
  stop(): Promise<void>;
}

interface ActiveFault {
  readonly fault: Fault;
  count: number;
}

/** Starts the proxy on a free port. Each has an account of its own in the same moto: tests do not see each other. */
export async function startFront(motoUrl: string): Promise<AwsFront> {
  const accountId = String(100_000_000_000 + Math.floor(Math.random() * 800_000_000_000));
  const agent = new Agent({ keepAlive: true });
  const calls: ApiCall[] = [];
  const faults = new Set<ActiveFault>();
  const toMoto = (call: ApiCall) => forward(call, { motoUrl, accountId, agent });
  const eks = new EksParts(accountId, toMoto);
  const server = createServer((incoming, outgoing) => {
    void answer(incoming, outgoing).catch((error: Error) => {
      if (!outgoing.headersSent) outgoing.writeHead(500).end(error.message);
    });
  });

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const call = await readCall(incoming);
    if (call.path.startsWith('/moto-api')) return send(outgoing, await toMoto(call));
    calls.push(call);
    const active = [...faults]
      .reverse()
      .find(({ fault, count }) => count < (fault.times ?? Infinity) && fault.matches(call));
    if (!active) return send(outgoing, await done(call));
    active.count += 1;
    const { does } = active.fault;
    if (does.kind === 'fail') return send(outgoing, failureAnswer(call, does));
    if (does.kind === 'delay') await new Promise((resolve) => setTimeout(resolve, does.ms));
    if (does.kind === 'cut' && does.when === 'before') return void incoming.socket.destroy();
    const answered = await done(call);
    if (does.kind === 'cut') return void incoming.socket.destroy();
    send(outgoing, does.kind === 'change' ? does.change(answered) : answered);
  }

  async function done(call: ApiCall): Promise<ApiAnswer> {
    if (call.service === 'eks') return eks.answer(call);
    return call.action === 'DescribeSubnets' ? mendSubnets(await toMoto(call)) : toMoto(call);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    accountId,
    addFault(fault) {
      const active: ActiveFault = { fault, count: 0 };
      faults.add(active);
      return () => {
        faults.delete(active);
        return active.count;
      };
    },
    async stop() {
      server.closeAllConnections();
      agent.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** moto writes the state of a subnet's IPv6 block as a Python dictionary. */
function mendSubnets(answer: ApiAnswer): ApiAnswer {
  const body = Buffer.from(answer.body.toString().replace(/\{'State': '(\w+)'\}/g, '$1'));
  return { ...answer, body };
}

async function readCall(incoming: IncomingMessage): Promise<ApiCall> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const headers = Object.fromEntries(Object.entries(incoming.headers).map(([key, value]) => [key, String(value)]));
  return parseCall({
    method: incoming.method ?? 'GET',
    url: incoming.url ?? '/',
    headers,
    body: Buffer.concat(chunks),
  });
}

function send(outgoing: ServerResponse, { status, headers, body }: ApiAnswer): void {
  outgoing.writeHead(status, { ...headers, 'content-length': body.length }).end(body);
}

function forward(
  call: ApiCall,
  { motoUrl, accountId, agent }: { readonly motoUrl: string; readonly accountId: string; readonly agent: Agent },
): Promise<ApiAnswer> {
  const query = call.query.size > 0 ? `?${call.query}` : '';
  const { 'transfer-encoding': _, ...headers } = call.headers;
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      `${motoUrl}${call.path}${query}`,
      {
        method: call.method,
        agent,
        headers: { ...headers, 'content-length': call.body.length, 'x-moto-account-id': accountId },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.once('error', reject);
        incoming.once('end', () => {
          const { connection: _c, 'transfer-encoding': _t, 'content-length': _l, ...kept } = incoming.headers;
          const texts = Object.entries(kept).map(([key, value]) => [key, String(value)]);
          resolve({
            status: incoming.statusCode ?? 500,
            headers: Object.fromEntries(texts),
            body: Buffer.concat(chunks),
          });
        });
      },
    );
    outgoing.once('error', (error) => resolve(jsonAnswer(502, { message: error.message })));
    outgoing.end(call.body);
  });
}
