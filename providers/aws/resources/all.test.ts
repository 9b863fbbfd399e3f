import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ResourceDefinition } from '../definition.ts';
import { resources } from './all.ts';

/** The tables that a file exports: objects with a type token, by the file's path from here. */
async function tablesByFile(): Promise<readonly (readonly [file: string, tables: readonly string[]])[]> {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' });
  const modules = files.filter((file) => file.includes('/') && file.endsWith('.ts') && !file.endsWith('.test.ts'));
  return Promise.all(
    modules.map(async (file) => {
      const exported: Readonly<Record<string, unknown>> = await import(join(import.meta.dirname, file));
      const tables = Object.values(exported).filter((one) => typeof (one as ResourceDefinition)?.type === 'string');
      return [file, tables.map((one) => (one as ResourceDefinition).type)] as const;
    }),
  );
}

/** `aws:ec2/routeTable:RouteTable` is in route-table.ts. */
function fileNameOf(type: string): string {
  const name = type.split('/').at(-1)!.split(':')[0]!;
  return `${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.ts`;
}

test('has each resource in one file of its own, named after it, and lists every one', async () => {
  const found = (await tablesByFile()).filter(([, tables]) => tables.length > 0);
  for (const [file, tables] of found) {
    assert.equal(tables.length, 1, `${file} has ${tables.join(', ')}`);
    assert.equal(file.split('/').at(-1), fileNameOf(tables[0]!));
  }
  assert.deepEqual(found.flatMap(([, tables]) => tables).sort(), [...resources.keys()].sort());
});
