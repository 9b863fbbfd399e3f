/**
 * Writes what is generated: the reference pages of settings and components, and the JSON schema for editors.
 * `node --import tsx infra/generate-reference.ts`; with `--check` it only says what is stale, and fails if something is.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { componentsPage } from './components-reference';
import { referencePage } from './settings/reference-page';
import { settingsJsonSchema, stackFileJsonSchema } from './settings/stack-file-schema';

const ROOT = join(__dirname, '..');

/** Generated files: path from the repository's root, and text. */
export function generatedFiles(): Readonly<Record<string, string>> {
  return {
    'docs/reference/components.md': componentsPage(),
    'docs/reference/settings.md': referencePage(settingsJsonSchema()),
    'docs/reference/stack.schema.json': `${JSON.stringify(stackFileJsonSchema(), null, 2)}\n`,
  };
}

/** Paths of generated files that are not what would be generated now. */
export function staleFiles(root: string = ROOT): readonly string[] {
  return Object.entries(generatedFiles())
    .filter(([path, text]) => readText(join(root, path)) !== text)
    .map(([path]) => path);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function main(): void {
  if (process.argv.includes('--check')) {
    const stale = staleFiles();
    for (const path of stale) console.error(`${path} is stale: run node --import tsx infra/generate-reference.ts`);
    process.exitCode = stale.length > 0 ? 1 : 0;
    return;
  }
  for (const [path, text] of Object.entries(generatedFiles())) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), text);
  }
}

if (require.main === module) main();
