import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { messageOf } from '../../foundation/errors.ts';
import { startControlPlane } from './control-plane.ts';
import { givenCluster, whyNot } from './start.ts';

/**
 * `npm run test:servers`: the suites on real servers (`*.servers.test.ts`). They share one control plane, as starting one for each
 * file would cost seconds and half a gigabyte each; every test has namespaces of its own.
 */
async function main(args: readonly string[]): Promise<number> {
  if (givenCluster() !== undefined) return run(args, {});
  const missing = await whyNot('kubernetes');
  if (missing) return run(args, {});
  const cluster = await startControlPlane((message) => console.error(message));
  const stop = () => void cluster.stop().finally(() => process.exit(130));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    return await run(args, { KUBECONFIG: cluster.kubeconfig, MAINSTAY_TEST_CLUSTER: '1' });
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
