/**
 * Writes the JSON schema of `mainstay.yaml`, for editors. `node runner/generate-reference.ts`; with `--check` it only says whether
 * the file is stale, and fails if it is.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { messageOf } from '../foundation/errors.ts';
import { settingsSchema } from './core/settings.ts';

const FILE = fileURLToPath(new URL('../docs/reference/mainstay.schema.json', import.meta.url));

/** The text that the file should have. */
export function mainstayJsonSchema(): string {
  const schema = z.toJSONSchema(settingsSchema, { io: 'input' });
  const title = "What the runner needs to know about a repository's stacks: mainstay.yaml";
  return `${JSON.stringify({ title, ...schema }, null, 2)}\n`;
}

/** Why the file is not what it should be; undefined where it is. */
export function staleness(file: string = FILE): string | undefined {
  try {
    return readFileSync(file, 'utf8') === mainstayJsonSchema() ? undefined : `${file} differs from the schema`;
  } catch (error) {
    return `${file} cannot be read: ${messageOf(error)}`;
  }
}

function main(): void {
  if (!process.argv.includes('--check')) {
    writeFileSync(FILE, mainstayJsonSchema());
    return;
  }
  const stale = staleness();
  if (stale === undefined) return;
  process.stderr.write(`${stale}: run node runner/generate-reference.ts\n`);
  process.exitCode = 1;
}

if (import.meta.main) main();
