import { createServer } from 'node:net';

/** `count` different ports of 127.0.0.1 that nothing listens on now. */
export async function freePorts(count: number): Promise<readonly number[]> {
  // All are held open together: a port that is let go at once could be given out twice.
  const servers = await Promise.all(Array.from({ length: count }, listen));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function listen(): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}
