import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { Agent, createServer, request as secureRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { makeCertificate } from '../servers/certificates.ts';

/** A request that changes something, as the API server got it and has answered it. */
export interface ClusterWrite {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly status: number;
}

/** Stands between a runner and an API server, and keeps every write that is no dry run. */
export interface CountingProxy {
  /** A kubeconfig whose cluster is this proxy. */
  readonly kubeconfig: string;
  readonly writes: readonly ClusterWrite[];
  /** Keeps the answer to the next write that matches from whoever asked for it. Resolves when the cluster has done it. */
  withhold(matches: (write: ClusterWrite) => boolean): Promise<ClusterWrite>;
  close(): Promise<void>;
}

export async function startCountingProxy(kubeconfig: string): Promise<CountingProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-proxy-'));
  const { certificate, key } = await makeCertificate(folder);
  const config = JSON.parse(readFileSync(kubeconfig, 'utf8'));
  const target = new URL(config.clusters[0].cluster.server);
  const writes: ClusterWrite[] = [];
  const traps: Trap[] = [];
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
  const server = createServer({ cert: certificate, key }, (incoming, outgoing) => {
    void forward(incoming, outgoing, { target, agent, writes, traps });
  });
  const sockets = new Set<Duplex>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((ready, fail) => server.once('error', fail).listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  config.clusters[0].cluster = { server: `https://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true };
  const file = join(folder, 'kubeconfig');
  writeFileSync(file, JSON.stringify(config), { mode: 0o644 });
  return {
    kubeconfig: file,
    writes,
    withhold: (matches) => new Promise((caught) => traps.push({ matches, caught })),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      agent.destroy();
      await new Promise((closed) => server.close(closed));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Trap {
  matches(write: ClusterWrite): boolean;
  caught(write: ClusterWrite): void;
}

interface Way {
  readonly target: URL;
  readonly agent: Agent;
  readonly writes: ClusterWrite[];
  readonly traps: Trap[];
}

async function forward(incoming: IncomingMessage, outgoing: ServerResponse, way: Way): Promise<void> {
  const { target, agent } = way;
  const { method = 'GET', url: path = '/', headers } = incoming;
  const body = await incoming.toArray().then(Buffer.concat, () => undefined);
  // Who was killed while it sent has asked for nothing.
  if (body === undefined) return;
  const options = { method, headers: { ...headers, host: target.host }, agent };
  const call = (target.protocol === 'https:' ? secureRequest : request)(new URL(path, target), options, (answer) => {
    if (method !== 'GET' && !path.includes('dryRun=')) {
      const write = { method, path, body: body.toString(), status: answer.statusCode! };
      if (isCaught(write, way)) return;
    }
    outgoing.writeHead(answer.statusCode!, answer.headers);
    answer.pipe(outgoing);
    outgoing.once('close', () => answer.destroy());
  });
  call.once('error', () => outgoing.destroy());
  call.end(body);
}

function isCaught(write: ClusterWrite, { writes, traps }: Way): boolean {
  writes.push(write);
  const index = traps.findIndex(({ matches }) => matches(write));
  if (index < 0) return false;
  const [trap] = traps.splice(index, 1);
  trap!.caught(write);
  return true;
}
