import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { PropertyMap } from '../../../protocol/property-value.ts';
import type { Diagnostic } from '../../deploy/events.ts';
import { createBuiltinProvider } from '../builtin-provider.ts';
import type { ProviderRegistry } from '../provider-registry.ts';
import { createProviderRegistry, type ProviderRegistryOptions } from '../registry.ts';

const echoPlugin = fileURLToPath(new URL('../fixtures/echo-plugin.cjs', import.meta.url));

/** Folders, plugins and a registry for one test. Everything ends with the test. */
export interface PluginBench {
  readonly directory: string;
  readonly diagnostics: Diagnostic[];
  readonly environment: Record<string, string>;
  /** Puts the echo plugin into a folder of the test (default `bin`, which is on its PATH) under a package's name. */
  addPlugin(name: string, folder?: string): Promise<string>;
  registry(options?: Partial<ProviderRegistryOptions>): ProviderRegistry;
}

export async function createPluginBench(test: TestContext): Promise<PluginBench> {
  const directory = await mkdtemp(join(tmpdir(), 'mainstay-plugins-'));
  test.after(() => rm(directory, { recursive: true, force: true }));
  const bin = join(directory, 'bin');
  await mkdir(bin);
  const diagnostics: Diagnostic[] = [];
  const log = (diagnostic: Diagnostic) => void diagnostics.push(diagnostic);
  const environment: Record<string, string> = {
    PATH: `${bin}:/usr/bin:/bin`,
    HOME: directory,
    PULUMI_HOME: join(directory, 'home'),
    ECHO_MODE: '',
  };
  return {
    directory,
    diagnostics,
    environment,
    async addPlugin(name, folder = bin) {
      await mkdir(folder, { recursive: true });
      const path = join(folder, `pulumi-resource-${name}`);
      await writeFile(path, `#!/bin/sh\nexec '${process.execPath}' '${echoPlugin}' "$@"\n`);
      await chmod(path, 0o755);
      return path;
    },
    registry(options) {
      const registry = createProviderRegistry({
        project: 'proj',
        stack: 'dev',
        organization: 'organization',
        rootDirectory: directory,
        programDirectory: directory,
        config: {},
        environment,
        builtins: createBuiltinProvider({
          stacks: { outputs: async () => ({ outputs: {} }), resources: async () => ({}) },
          findResource: () => undefined,
          log,
        }),
        log,
        ...options,
      });
      test.after(() => registry.close());
      return registry;
    },
  };
}

export const providerUrn = (name: string, label = 'default') =>
  `urn:pulumi:dev::proj::pulumi:providers:${name}::${label}`;

/** Registers a provider resource as the deployment does; returns its reference. */
export async function registerProvider(
  registry: ProviderRegistry,
  name: string,
  inputs: PropertyMap = {},
  preview = false,
): Promise<string> {
  const identity = { urn: providerUrn(name), name: 'default', type: `pulumi:providers:${name}` };
  const checked = await registry.check({ ...identity, olds: {}, news: inputs });
  if (checked.failures.length > 0) throw new Error(JSON.stringify(checked.failures));
  const { id } = await registry.create({ ...identity, inputs: checked.inputs, timeout: 0, preview });
  return `${identity.urn}::${id}`;
}

/** Whether a process runs; a zombie does not. */
export async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) [ZX] /.test(stat);
}
