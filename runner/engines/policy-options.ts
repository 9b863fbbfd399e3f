import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PolicyPack } from './engine.ts';

/** What an operation is told of its policy packs: their configuration is a file for each, or for none (`pulumi preview --help`). */
export interface PolicyOptions {
  readonly policyPacks?: string[];
  readonly policyPackConfigs?: string[];
}

/** Runs an operation with policy packs; the files of their configuration are there meanwhile. */
export async function withPolicies<T>(
  packs: readonly PolicyPack[],
  operation: (options: PolicyOptions) => Promise<T>,
): Promise<T> {
  if (packs.length === 0) return operation({});
  const policyPacks = packs.map(({ folder }) => folder);
  if (packs.every(({ config }) => Object.keys(config).length === 0)) return operation({ policyPacks });
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-policies-'));
  try {
    const policyPackConfigs = packs.map(({ config }, index) => {
      const file = join(folder, `${index}.json`);
      writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
      return file;
    });
    return await operation({ policyPacks, policyPackConfigs });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
