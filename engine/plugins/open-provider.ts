import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import semver from 'semver';
import { parse } from 'yaml';
import { userError } from '../../foundation/errors.ts';
import type { WatchOptions } from '../../protocol/call-watch.ts';
import { callMethod, openClient } from '../../protocol/grpc-call.ts';
import type { Provider } from '../../protocol/provider.ts';
import { adaptProvider } from '../../protocol/provider-adapter.ts';
import { connectProvider } from '../../protocol/provider-client.ts';
import { providerMethods } from '../../protocol/provider-messages.ts';
import type { ProviderModule } from '../../protocol/provider-module.ts';
import type { Diagnostic } from '../deploy/events.ts';
import { explainPluginEnd } from './explain-plugin-end.ts';
import type { FoundPlugin } from './find-plugin.ts';
import { startPluginEngineServer } from './plugin-engine-server.ts';
import { describeRequest, type PluginRequest } from './plugin-request.ts';
import { type PluginCommand, startPlugin } from './start-plugin.ts';

/** Everything that a provider's process or module is told when it starts. */
export interface OpenOptions {
  readonly request: PluginRequest;
  readonly project: string;
  readonly stack: string;
  readonly organization: string;
  /** Where Pulumi.yaml is. */
  readonly rootDirectory: string;
  /** Working directory of plugin processes. */
  readonly programDirectory: string;
  /** The environment for plugins, complete. */
  readonly environment: Readonly<Record<string, string>>;
  readonly log: (diagnostic: Diagnostic) => void;
  /** What an executable gets before the engine's address. Default: nothing. */
  readonly pluginArguments?: readonly string[];
  /** When a plugin is taken to hang. Default: as `CallWatch` has it. */
  readonly watch?: Pick<WatchOptions, 'silentAfterMs' | 'probeTimeoutMs'>;
}

/** A provider that runs. `ended` resolves when its process is gone or hangs; absent where it has none of ours. */
export interface OpenedProvider {
  readonly provider: Provider;
  readonly ended?: Promise<unknown>;
}

/**
 * Starts, or attaches to, the provider that was found and shakes hands. The result follows the rules of `provider-adapter.ts`; its
 * `close` ends the process. Rejects with a user error where it cannot be started.
 */
export async function openProvider(found: FoundPlugin, options: OpenOptions): Promise<OpenedProvider> {
  if (found.kind === 'module') return { provider: await openModule(found, options) };
  if (found.kind === 'attach') return { provider: await attach(found.port, options) };
  const command = await commandOf(found, options);
  const running = await startPlugin(command, options.log);
  const directory = found.kind === 'source' ? found.directory : dirname(command.command);
  const hung = Promise.withResolvers<void>();
  const name = `provider plugin ${describeRequest(options.request)}`;
  const provider = await connectProvider(running.address, {
    warn: warner(options),
    watch: {
      name,
      ...options.watch,
      onHang(message) {
        options.log({ severity: 'warning', message, urn: '' });
        hung.resolve();
      },
    },
    explain: (error) => explainPluginEnd(error, running, name),
  });
  const close = async () => {
    await provider.close();
    await running.stop();
  };
  try {
    const { engineAddress } = running;
    await provider.handshake?.({ engineAddress, rootDirectory: directory, programDirectory: directory });
    await warnOfOlderVersion(running.address, options);
  } catch (error) {
    await close();
    throw error;
  }
  return { provider: { ...provider, close }, ended: Promise.race([running.exited, hung.promise]) };
}

/** What is on the PATH or named in Pulumi.yaml may be older than what is needed (pkg/host/host.go, Provider). */
async function warnOfOlderVersion(address: string, { request, log }: OpenOptions): Promise<void> {
  if (request.version === '') return;
  const client = openClient(address);
  try {
    const info = callMethod(client, providerMethods.getPluginInfo, {}, { timeoutMs: 30_000 });
    const { version } = await info.catch(() => ({ version: '' }));
    if (semver.valid(version) !== null && semver.gte(version, request.version)) return;
    const message =
      `the provider plugin ${request.package} should have the version ${request.version} or later and has ${version || 'none'}: ` +
      'another may be in its place on the PATH or in Pulumi.yaml.';
    log({ severity: 'warning', message, urn: '' });
  } finally {
    client.close();
  }
}

function warner(options: OpenOptions): (urn: string, message: string) => void {
  return (urn, message) => options.log({ severity: 'warning', urn, message });
}

async function commandOf(
  found: Extract<FoundPlugin, { readonly kind: 'executable' | 'dynamic' | 'source' }>,
  options: OpenOptions,
): Promise<PluginCommand> {
  const { environment, programDirectory: directory } = options;
  const base = { name: describeRequest(options.request), directory, environment };
  if (found.kind === 'executable') return { ...base, command: found.path, args: options.pluginArguments ?? [] };
  // The engine's own node: the one on the PATH may be older than the SDK wants.
  if (found.kind === 'dynamic') return { ...base, command: process.execPath, args: [found.script] };
  return { ...base, ...(await sourceCommand(found.directory, environment)) };
}

/** How the Node language host runs a plugin's source (RunPlugin in sdk/nodejs/cmd/pulumi-language-nodejs/main.go). */
async function sourceCommand(
  directory: string,
  environment: Readonly<Record<string, string>>,
): Promise<Pick<PluginCommand, 'command' | 'args' | 'environment'>> {
  const file = join(directory, 'PulumiPlugin.yaml');
  const runtime = runtimeOf(parse(await readFile(file, 'utf8')) as unknown);
  if (runtime !== 'nodejs') {
    throw userError(
      `${file} Cannot run the plugin as this engine runs plugins of the runtime nodejs only: ${JSON.stringify(runtime)}. ` +
        'Build it as an executable, or use the official pulumi CLI.',
    );
  }
  try {
    const script = createRequire(join(directory, 'package.json')).resolve('@pulumi/pulumi/cmd/run-plugin');
    return {
      command: process.execPath,
      args: [script, directory],
      environment: { ...environment, PULUMI_NODEJS_TYPESCRIPT: 'true' },
    };
  } catch (error) {
    throw userError(`Cannot run the plugin as it has no @pulumi/pulumi: ${directory}. Install its dependencies.`, {
      cause: error,
    });
  }
}

function runtimeOf(file: unknown): unknown {
  const runtime = typeof file === 'object' && file !== null && 'runtime' in file ? file.runtime : undefined;
  return typeof runtime === 'object' && runtime !== null && 'name' in runtime ? runtime.name : runtime;
}

async function attach(port: number, options: OpenOptions): Promise<Provider> {
  const address = `127.0.0.1:${port}`;
  const engine = await startPluginEngineServer(({ status: ephemeral, ...message }) =>
    options.log({ ...message, ephemeral }),
  );
  const provider = await connectProvider(address, { warn: warner(options) });
  const close = async () => {
    await provider.close();
    engine.close();
  };
  const client = openClient(address);
  try {
    await provider.handshake?.({ engineAddress: engine.address });
    await callMethod(client, providerMethods.attach, { address: engine.address }, { timeoutMs: 30_000 });
  } catch (error) {
    await close();
    throw userError(
      `Cannot attach to the provider ${describeRequest(options.request)} as it does not answer: ${address}. ` +
        'Is it running, and is PULUMI_DEBUG_PROVIDERS right?',
      { cause: error },
    );
  } finally {
    client.close();
  }
  return { ...provider, close };
}

async function openModule(
  found: Extract<FoundPlugin, { readonly kind: 'module' }>,
  options: OpenOptions,
): Promise<Provider> {
  const { request, project, stack, organization, rootDirectory, programDirectory, environment } = options;
  const module = (await import(pathToFileURL(found.path).href)) as ProviderModule;
  const provider = await module.createProvider({
    package: request.package,
    version: request.version,
    project,
    stack,
    organization,
    rootDirectory,
    programDirectory,
    environment,
    log: ({ status: ephemeral, ...message }) => options.log({ ...message, ephemeral }),
  });
  const adapted = adaptProvider(provider, { warn: warner(options) });
  await adapted.handshake?.({ engineAddress: '' });
  return adapted;
}
