import { type BuildProgress, ensureBuilt } from './build.ts';
import { serverBuild } from './catalogue.ts';
import { freePorts } from './free-port.ts';
import { ServerGroup } from './server-group.ts';

/** An OCI registry that keeps what is pushed until it is stopped. */
export interface RegistryServer {
  /** 127.0.0.1:port */
  readonly address: string;
  stop(): Promise<void>;
}

/** Starts a registry without TLS or login on a free port of 127.0.0.1. */
export async function startRegistry(progress: BuildProgress = () => {}): Promise<RegistryServer> {
  const binary = await ensureBuilt(serverBuild('registry'), progress);
  const group = await ServerGroup.open('registry');
  try {
    const [port] = await freePorts(1);
    const address = `127.0.0.1:${port}`;
    await group.start('registry', [binary, 'registry', 'serve', '--address', address]);
    await group.until('registry', async () => (await fetch(`http://${address}/v2/`)).ok);
    return { address, stop: () => group.stop() };
  } catch (error) {
    await group.stop();
    throw error;
  }
}
