import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { startProcess } from '../../../foundation/processes.ts';

/** A package as a lock file names it. */
export interface ServedPackage {
  readonly version: string;
  readonly resolved: string;
  readonly integrity: string;
}

/** Serves packages as a registry does, on this machine. */
export interface PackageServer {
  readonly url: string;
  /** Paths that were asked for, with what signed in. */
  readonly asked: readonly { readonly path: string; readonly authorization: string | undefined }[];
  serve(name: string, files: Readonly<Record<string, string>>): Promise<ServedPackage>;
  /** The same of what is packed already. */
  put(name: string, archive: Buffer): ServedPackage;
  close(): void;
}

export async function startPackageServer(folder: string): Promise<PackageServer> {
  const archives = new Map<string, Buffer>();
  const asked: { path: string; authorization: string | undefined }[] = [];
  const server: Server = createServer((request, response) => {
    asked.push({ path: request.url!, authorization: request.headers.authorization });
    const archive = archives.get(request.url!);
    response.writeHead(archive ? 200 : 404).end(archive);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const put = (name: string, archive: Buffer): ServedPackage => {
    archives.set(`/${name}.tgz`, archive);
    const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
    return { version: '1.0.0', resolved: `${url}/${name}.tgz`, integrity };
  };
  return {
    url,
    asked,
    put,
    serve: async (name, files) => put(name, await packFolder(join(folder, 'served', name), files)),
    close: () => void server.close(),
  };
}

/** A package as a registry serves it, packed by tar itself. */
export async function packFolder(folder: string, files: Readonly<Record<string, string>>): Promise<Buffer> {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, 'package', file)), { recursive: true });
    writeFileSync(join(folder, 'package', file), text);
  }
  const archive = join(folder, 'package.tgz');
  const tar = await startProcess('tar', ['-czf', archive, '-C', folder, 'package'], { stdio: 'ignore' });
  assert.equal((await tar.exited).code, 0);
  return readFileSync(archive);
}
