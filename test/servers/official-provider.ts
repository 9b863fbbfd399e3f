import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { findOfficial } from '../differential/find-official.ts';

const PLUGIN = 'pulumi-resource-kubernetes';

/** For tests: the official CLI with its Kubernetes plugin, as a PATH has to begin for them to be used. */
export interface OfficialPair {
  readonly cli: string;
  readonly path: string;
}

/** Undefined where either is missing: from PULUMI_OFFICIAL, PATH, MAINSTAY_BENCH_OFFICIAL (folders), and the plugins of PULUMI_HOME. */
export function findOfficialPair(environment: NodeJS.ProcessEnv = process.env): OfficialPair | undefined {
  const more = (environment.MAINSTAY_BENCH_OFFICIAL ?? '').split(delimiter);
  const path = [...more, environment.PATH ?? ''].filter((folder) => folder !== '').join(delimiter);
  const cli = findOfficial({ ...environment, PATH: path });
  const plugin = [...path.split(delimiter), ...installedPlugins(environment)].find((folder) =>
    existsSync(join(folder, PLUGIN)),
  );
  if (cli === undefined || plugin === undefined) return undefined;
  return { cli, path: [join(cli, '..'), plugin, environment.PATH].join(delimiter) };
}

function installedPlugins(environment: NodeJS.ProcessEnv): readonly string[] {
  const folder = join(environment.PULUMI_HOME || join(homedir(), '.pulumi'), 'plugins');
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => /^resource-kubernetes-v[^.]+\.\d+\.\d+[^.]*$/.test(name));
  return names
    .sort()
    .reverse()
    .map((name) => join(folder, name));
}
