import { setTimeout as delay } from 'node:timers/promises';
import { type Client, status } from '@grpc/grpc-js';
import { engineMethods, logSeverities } from './engine-messages.ts';
import { callMethod, openClient } from './grpc-call.ts';
import { isServiceError } from './provider-errors.ts';
import type { ProviderLogMessage, ProviderModule } from './provider-module.ts';
import { serveProvider } from './provider-server.ts';

export interface PluginProcessOptions {
  /** The package that the plugin serves: `kubernetes`, ... */
  readonly package: string;
  /** What GetPluginInfo answers. */
  readonly version: string;
  /** Default: `process.argv` without node and script. The last one is the engine's address; without it messages go to stderr. */
  readonly args?: readonly string[];
  /** How often it looks whether its engine still lives. Default: 5 s. */
  readonly lookEveryMs?: number;
}

/** How often in a row a plugin may find its engine gone before it ends itself. */
const patience = 3;
const silence: readonly status[] = [status.UNAVAILABLE, status.DEADLINE_EXCEEDED];

/**
 * Runs a TypeScript provider as a plugin process, for the official CLI or for us: serves it on a free port, prints the port as the
 * first line, sends its messages to the engine, and ends on SIGINT, SIGTERM, or when the engine is gone.
 */
export async function servePluginProcess(module: ProviderModule, options: PluginProcessOptions): Promise<void> {
  const engineAddress = (options.args ?? process.argv.slice(2)).find((argument) => /:\d+$/.test(argument));
  let engine = engineAddress === undefined ? undefined : openClient(engineAddress);
  const provider = await module.createProvider({
    package: options.package,
    version: options.version,
    project: process.env.PULUMI_PROJECT ?? '',
    stack: process.env.PULUMI_STACK ?? '',
    organization: process.env.PULUMI_ORGANIZATION ?? 'organization',
    rootDirectory: process.cwd(),
    environment: process.env,
    log: (message) => sendLog(engine, message),
  });
  const served = await serveProvider(provider, {
    version: options.version,
    onAttach: (address) => {
      engine = openClient(address);
    },
  });
  const end = (code: number) => void served.close().finally(() => process.exit(code));
  process.once('SIGINT', () => end(130));
  process.once('SIGTERM', () => end(143));
  // From here on the engine may do anything, end us too: last.
  process.stdout.write(`${served.address.split(':').at(-1)}\n`);
  if (engine !== undefined) void endWithEngine(engine, options.lookEveryMs ?? 5000).then(() => end(1));
}

function sendLog(engine: Client | undefined, { severity, message, urn, status = false }: ProviderLogMessage): void {
  if (engine === undefined) {
    process.stderr.write(`${severity}: ${message}\n`);
    return;
  }
  const request = { severity: logSeverities.indexOf(severity), message, urn, ephemeral: status };
  // An engine that is gone cannot hear it; `endWithEngine` notices.
  callMethod(engine, engineMethods.log, request).catch(() => {});
}

/** Resolves when the engine has been gone for a while. */
async function endWithEngine(engine: Client, lookEveryMs: number): Promise<void> {
  for (let failures = 0; failures < patience; ) {
    await delay(lookEveryMs, undefined, { ref: false });
    // Any answer will do, UNIMPLEMENTED too: only silence means that nobody is there.
    const alive = await callMethod(engine, engineMethods.getRootResource, {}, { timeoutMs: lookEveryMs }).then(
      () => true,
      (error: unknown) => !isServiceError(error) || !silence.includes(error.code),
    );
    failures = alive ? 0 : failures + 1;
  }
}
