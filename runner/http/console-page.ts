import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Context, Hono } from 'hono';

/** The built console. Until it is there, a page says what is being waited for. */
export interface ConsolePage {
  /** The folder of the build, once it is there. */
  readonly folder: () => string | undefined;
  /** Why there is none yet. */
  readonly waiting: () => string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};

interface File {
  readonly type: string;
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly zipped: Uint8Array<ArrayBuffer>;
  readonly tag: string;
  /** Files whose name has a hash never change. */
  readonly forever: boolean;
}

/** Serves the console: its files by name, and its page at every other address that is not the API's. */
export function serveConsole(app: Hono, page: ConsolePage): void {
  let files: ReadonlyMap<string, File> | undefined;
  const filesNow = () => {
    const folder = page.folder();
    if (!files && folder !== undefined) files = readFiles(folder);
    return files;
  };
  app.get('*', (context) => {
    const all = filesNow();
    if (!all && context.req.path === RELOAD) return reloadScript(context);
    if (!all) return waitingPage(context, page.waiting());
    const file = all.get(context.req.path) ?? (/\.\w+$/.test(context.req.path) ? undefined : all.get('/index.html'));
    return file ? answer(context, file) : context.notFound();
  });
}

/** The whole build is some hundred kilobytes: read once, compressed once. */
function readFiles(folder: string): ReadonlyMap<string, File> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    names.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      const plain = new Uint8Array(readFileSync(path));
      const address = path.slice(folder.length).replaceAll('\\', '/');
      const tag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
      const type = TYPES[extname(name)] ?? 'application/octet-stream';
      const zipped = new Uint8Array(gzipSync(plain, { level: 9 }));
      return [address, { type, plain, zipped, tag, forever: address.startsWith('/assets/') }] as const;
    }),
  );
}

function answer(context: Context, file: File): Response {
  context.header('etag', file.tag);
  context.header('vary', 'accept-encoding');
  context.header('cache-control', file.forever ? 'public, max-age=31536000, immutable' : 'no-cache');
  if (context.req.header('if-none-match') === file.tag) return context.body(null, 304);
  context.header('content-type', file.type);
  if (!/\bgzip\b/.test(context.req.header('accept-encoding') ?? '')) return context.body(file.plain);
  context.header('content-encoding', 'gzip');
  return context.body(file.zipped);
}

/**
 * A `refresh` header would do nothing where the address has a fragment, as one-time links have: to the same address with a fragment, browsers only
 * scroll. The content security policy wants the script in a file of its own.
 */
const RELOAD = '/reload.js';

function reloadScript(context: Context): Response {
  context.header('content-type', TYPES['.js']);
  context.header('cache-control', 'no-store');
  return context.body('setTimeout(() => location.reload(), 500);');
}

/** Shown for the seconds of a build; comes again by itself. */
function waitingPage(context: Context, why: string): Response {
  context.header('cache-control', 'no-store');
  const text = why.replace(/[&<>]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign]!);
  return context.html(
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>Mainstay</title><script src="${RELOAD}"></script><p>${text}</p></html>`,
    503,
  );
}

/** Whether a build is there. */
export function isBuilt(folder: string): boolean {
  return existsSync(join(folder, 'index.html'));
}
