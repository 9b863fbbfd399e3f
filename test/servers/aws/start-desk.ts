import { createTestProvider, type TestResources } from '../../../providers/aws/testing/test-provider.ts';
import { createWorld, type World } from '../../../providers/aws/testing/world.ts';
import { type AwsServer, startAws } from '../start.ts';

/** An AWS API of a test's own: the server, what there is in it by itself, and a provider on it. */
export interface AwsDesk {
  readonly server: AwsServer;
  readonly world: World;
  readonly made: TestResources;
  stop(): Promise<void>;
}

export async function startAwsDesk(): Promise<AwsDesk> {
  const server = await startAws();
  const world = createWorld(server.url);
  const made = await createTestProvider(server.url);
  const stop = async () => {
    await made.provider.close?.();
    await world.close();
    await server.stop();
  };
  return { server, world, made, stop };
}
