import type { TestContext } from 'node:test';
import type { Client } from '@grpc/grpc-js';
import { openClient } from '../../../protocol/grpc-call.ts';
import { runDeployment } from '../../deploy/deployment.ts';
import type { DeploymentOptions } from '../../deploy/deployment-options.ts';
import type { EngineEvent } from '../../deploy/events.ts';
import { createProgramCallbacks } from '../../monitor/monitor-server.ts';
import { discardingRecorder } from '../../state/snapshot.ts';
import { createDefaultProviders } from '../default-providers.ts';
import { createPluginBench, type PluginBench } from './plugin-bench.ts';

const empty = { resources: [], pendingOperations: [], secretsManager: undefined, preserved: {} };

/** What a deployment on plugins is made of. */
export interface PluginDeployment {
  readonly preview: boolean;
  /** Puts plugins where they are found. */
  readonly prepare: (bench: PluginBench) => Promise<Parameters<PluginBench['registry']>[0]>;
  /** The program: nothing but calls of the monitor. */
  readonly program: (client: Client) => Promise<void>;
}

/** Runs it on the real deployment, monitor and plugins. */
export async function deployOnPlugins(test: TestContext, { preview, prepare, program }: PluginDeployment) {
  const bench = await createPluginBench(test);
  const config = { 'proj:x': 'y' };
  const registry = bench.registry({ ...(await prepare(bench)), config });
  const events: EngineEvent[] = [];
  const callbacks = createProgramCallbacks();
  const source: DeploymentOptions['source'] = async (registrar) => {
    const monitor = await callbacks.startMonitor({
      registrar,
      registry,
      defaultProviders: createDefaultProviders({ registrar, config, configSecretKeys: [] }),
      events: (event) => events.push(event),
      info: {
        project: 'proj',
        stack: 'dev',
        organization: 'organization',
        config,
        configSecretKeys: [],
        dryRun: preview,
        parallel: 4,
      },
      programDirectory: bench.directory,
      rootDirectory: bench.directory,
    });
    const client = openClient(monitor.address);
    try {
      await program(client);
      return { kind: 'done' };
    } finally {
      client.close();
      await monitor.close();
    }
  };
  const result = await runDeployment({
    kind: 'update',
    preview,
    project: 'proj',
    stack: 'dev',
    organization: 'organization',
    base: empty,
    recorder: discardingRecorder(empty),
    registry,
    events: (event) => events.push(event),
    source,
    hooks: callbacks.hooks,
  });
  callbacks.close();
  return { result, events, diagnostics: bench.diagnostics };
}

/** What the Node SDK says of itself with every registration. */
export const common = {
  acceptSecrets: true,
  acceptResources: true,
  supportsPartialValues: true,
  supportsResultReporting: true,
};
