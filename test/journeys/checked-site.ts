import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a verification asks by HTTP. */
export interface CheckedSite {
  /** `http://127.0.0.1:<port>/` */
  readonly address: string;
  close(): void;
}

/** Listens, and answers with the status that `answer` gives for a path without its first slash. */
export async function openCheckedSite(answer: (path: string) => number | Promise<number>): Promise<CheckedSite> {
  const server = createServer(async (request, response) => {
    response.writeHead(await answer(request.url!.slice(1))).end();
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
