import { createServer } from 'node:net';

/**
 * Ports below those that a kernel gives out by itself (Linux from 32768, macOS and others from 49152): between the look and the start of a
 * server, no connection and no other listener is given the same one by chance.
 */
const FIRST = 12_000;
const LAST = 32_000;

/** How many taken ports in a row mean that something else is wrong. */
const TRIES = 200;

/** `count` different ports of 127.0.0.1 that nothing listens on now. */
export async function freePorts(count: number): Promise<readonly number[]> {
  // All are held open together: a port that is let go at once could be given out twice.
  const servers = await Promise.all(Array.from({ length: count }, listen));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function listen(): Promise<ReturnType<typeof createServer>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await listenOn(FIRST + Math.floor(Math.random() * (LAST - FIRST)));
    } catch (error) {
      if (attempt === TRIES || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}

function listenOn(port: number): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
