import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { messageOf } from '../../foundation/errors.ts';
import { startMoto } from './aws.ts';
import { startControlPlane } from './control-plane.ts';
import { givenCluster, whyNot } from './start.ts';

/**
 * `npm run test:servers`: the suites on real servers (`*.servers.test.ts`). They share one moto, and one control plane, as starting one
 * for each file would cost seconds and half a gigabyte each; every test has namespaces of its own.
 */
async function main(args: readonly string[]): Promise<number> {
  const missing = await whyNot('aws');
  if (missing) return withCluster(args, {});
  // One moto for all: every test has an account of its own in it.
  const moto = await startMoto((message) => console.error(message));
  try {
    return await withCluster(args, { MAINSTAY_TEST_MOTO: moto.url });
  } finally {
    await moto.stop();
  }
}

async function withCluster(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  if (givenCluster() !== undefined) return run(args, environment);
  const missing = await whyNot('kubernetes');
  if (missing) return run(args, environment);
  const cluster = await startControlPlane((message) => console.error(message));
  const stop = () => void cluster.stop().finally(() => process.exit(130));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    return await run(args, { ...environment, KUBECONFIG: cluster.kubeconfig, MAINSTAY_TEST_CLUSTER: '1' });
  } finally {
    await cluster.stop();
  }
}

function run(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const runner = join(import.meta.dirname, '..', 'run.ts');
  const tests = spawn(process.execPath, [runner, '--servers', ...args], {
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  return new Promise((resolve, reject) => {
    tests.once('error', reject);
    tests.once('exit', (code) => resolve(code ?? 1));
  });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
