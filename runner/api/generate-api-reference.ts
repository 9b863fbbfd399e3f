/**
 * Writes docs/reference/api.md and openapi.json: `node runner/api/generate-api-reference.ts`; with `--check` it only says whether they are stale, and fails if
 * they are.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import packageFile from '../../package.json' with { type: 'json' };
import { neededText, openApiDocument } from './openapi.ts';
import type { Route } from './route.ts';
import { ROUTES } from './routes.ts';

const FOLDER = resolve(import.meta.dirname, '../../docs/reference');

/** The texts that the files should have, by name. */
export function apiReference(): Readonly<Record<string, string>> {
  const document = `${JSON.stringify(openApiDocument(packageFile.version), null, 2)}\n`;
  return { 'openapi.json': document, 'api.md': pageOf() };
}

/** Names of the files that are not what they should be. */
export function staleFiles(): readonly string[] {
  return Object.entries(apiReference())
    .filter(([name, text]) => {
      try {
        return readFileSync(join(FOLDER, name), 'utf8') !== text;
      } catch {
        return true;
      }
    })
    .map(([name]) => join(FOLDER, name));
}

function pageOf(): string {
  const tags = Map.groupBy(Object.entries(ROUTES) as [string, Route][], ([, { tag }]) => tag);
  const tables = [...tags].flatMap(([tag, routes]) => [
    `## ${tag[0]!.toUpperCase()}${tag.slice(1)}`,
    '',
    '| operation | | | |',
    '| --- | --- | --- | --- |',
    ...routes.map(
      ([name, { method, path, summary, needs }]) =>
        `| \`${name}\` | \`${method.toUpperCase()} ${path}\` | ${summary} | ${neededText(needs)} |`,
    ),
    '',
  ]);
  return `${[...HEAD, ...tables].join('\n').trimEnd()}\n`;
}

const HEAD = [
  '# The HTTP API',
  '',
  'Made from the schemas that validate requests (`runner/api/schemas.ts`): `node runner/api/generate-api-reference.ts` writes this page. The whole of',
  'it as OpenAPI 3.1 is [openapi.json](openapi.json), which a runner serves at `/api/openapi.json`. The console and the `mainstay` command do what they',
  'do through it.',
  '',
  '**Who asks.** Everything but signing in needs `Authorization: Bearer <token>`, or the session cookie of a page, whose changes also bring the header',
  '`x-mainstay-csrf` of `GET /api/session`. `mainstay` on the same machine has a token of its own. Roles give the powers to read, operate,',
  'approve and own ([access.md](../how-to/access.md)); what somebody may not see is not there for them: 404, and in no list.',
  '',
  '**Lists** answer `{ "items": [...], "next": "..." }`; `after=<next>` is the next page. **Ids with slashes** are one part of the address: `shop%2Fdev`.',
  '',
  '**Errors** answer `{ "error": "Cannot ... as ...: .... ...", "kind": "user" }`. Kinds are `user` (400), `unauthorized` (401), `forbidden` (403),',
  '`missing` (404), `conflict` (409: its state does not allow it), `transient` (503: ask again) and `bug` (500).',
  '',
  '**What happens in a run** is told as server-sent events while it happens: `GET /api/runs/{run}/events`. Each has a number as its id, from 1 and without',
  'a gap; a connection that was lost goes on after `Last-Event-ID`. The event `end` says that no more comes. Secrets are masked before anything is stored.',
  '',
];

if (import.meta.main) {
  if (process.argv.includes('--check')) {
    const stale = staleFiles();
    if (stale.length > 0) {
      process.stderr.write(`${stale.join(', ')} stale: run node runner/api/generate-api-reference.ts\n`);
      process.exitCode = 1;
    }
  } else for (const [name, text] of Object.entries(apiReference())) writeFileSync(join(FOLDER, name), text);
}
