import { join } from 'node:path';
import { messageOf } from '../../foundation/errors.ts';
import { startProcess } from '../../foundation/processes.ts';
import { startMoto } from './aws.ts';
import { startControlPlane } from './control-plane.ts';
import { ServerGroup } from './server-group.ts';
import { givenCluster, whyNot } from './start.ts';

/**
 * `npm run test:servers`: the suites on real servers (`*.servers.test.ts`). They share one moto, and one control plane, as starting one
 * for each file would cost seconds and half a gigabyte each; every test has namespaces of its own.
 */
async function main(args: readonly string[]): Promise<number> {
  const tests = await ServerGroup.open('tests');
  const shared: { stop(): Promise<void> }[] = [];
  let ending: Promise<void> | undefined;
  const stop = () => {
    ending ??= (async () => {
      await tests.stop();
      await Promise.all(shared.map((server) => server.stop()));
    })();
    return ending;
  };
  // An interrupted run ends the tests and what they have started, then the servers.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => void stop().finally(() => process.exit(130)));
  try {
    const environment = await startShared(shared);
    return ending ? 130 : await run(args, tests, environment);
  } finally {
    await stop();
  }
}

/** Starts what all suites share and is not given; `shared` holds what runs, also while the next one starts. */
async function startShared(shared: { stop(): Promise<void> }[]): Promise<NodeJS.ProcessEnv> {
  const progress = (message: string) => console.error(message);
  const environment: NodeJS.ProcessEnv = {};
  if (!(await whyNot('aws'))) {
    // One moto for all: every test has an account of its own in it.
    const moto = await startMoto(progress);
    shared.push(moto);
    environment.MAINSTAY_TEST_MOTO = moto.url;
  }
  if (givenCluster() === undefined && !(await whyNot('kubernetes'))) {
    const cluster = await startControlPlane(progress);
    shared.push(cluster);
    Object.assign(environment, { KUBECONFIG: cluster.kubeconfig, MAINSTAY_TEST_CLUSTER: '1' });
  }
  return environment;
}

async function run(args: readonly string[], tests: ServerGroup, environment: NodeJS.ProcessEnv): Promise<number> {
  const main = join(import.meta.dirname, '..', 'run.ts');
  const runner = await startProcess(process.execPath, [main, '--servers', ...args], {
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  tests.adopt('tests', runner);
  return (await runner.exited).code ?? 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
