import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMotoInstalled, startAws } from './aws.ts';
import { ensureBuilt, isBuilt } from './build.ts';
import { type ServerBuild, serverBuild } from './catalogue.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { startGitea } from './gitea.ts';
import { startRegistry } from './registry.ts';

export { type AwsServer, startAws } from './aws.ts';
export type { ControlPlane } from './control-plane.ts';
export { type GiteaServer, startGitea } from './gitea.ts';
export { type RegistryServer, startRegistry } from './registry.ts';

/** What a test can need. `aws` is installed, all others are compiled. */
export type ServerName = ServerBuild['name'] | 'aws';

/**
 * Why tests that need these servers cannot run here, for `{ skip: await whyNot('kubernetes') }`; false where they can. A plain `npm
 * test` does not build anything. With MAINSTAY_REQUIRE_SERVERS=1 it is always false, so that a missing server fails the test.
 */
export async function whyNot(...names: readonly ServerName[]): Promise<string | false> {
  if (process.env.MAINSTAY_REQUIRE_SERVERS === '1') return false;
  const missing: string[] = [];
  for (const name of names) if (!(await isAvailable(name))) missing.push(name);
  return missing.length === 0 ? false : `not built: ${missing.join(', ')}. Run \`npm run servers\` once.`;
}

async function isAvailable(name: ServerName): Promise<boolean> {
  if (name === 'aws') return isMotoInstalled();
  if (name === 'kubernetes' && givenCluster() !== undefined) return true;
  return isBuilt(serverBuild(name));
}

/** The user's own cluster, where KUBECONFIG and MAINSTAY_TEST_CLUSTER=1 say to test on it. */
export function givenCluster(): string | undefined {
  return process.env.MAINSTAY_TEST_CLUSTER === '1' ? process.env.KUBECONFIG || undefined : undefined;
}

/**
 * Why tests whose pods fail in played ways cannot run: only the nodes of a control plane of ours do what such a test says. False where
 * they can.
 */
export async function whyNotPlayed(): Promise<string | false> {
  const kubeconfig = givenCluster();
  const isOurs = kubeconfig === undefined || /"current-context": "mainstay"/.test(await readFile(kubeconfig, 'utf8'));
  return isOurs ? false : 'the given cluster has real nodes, whose pods do not fail when told';
}

/**
 * A cluster for tests: the given one, whose `stop` does nothing, or a control plane of their own. Tests use namespaces of their own in
 * either.
 */
export async function startKubernetes(): Promise<ControlPlane> {
  const kubeconfig = givenCluster();
  return kubeconfig === undefined ? startControlPlane() : { kubeconfig, stop: async () => {} };
}

/** The folder of an executable, to be put on a PATH: helm, kustomize. It is built where it is missing. */
export async function toolFolder(name: 'helm' | 'helm3' | 'kustomize'): Promise<string> {
  return join(await ensureBuilt(serverBuild(name)), '..');
}

/** How a server is started by hand, and what a person needs to know of it then. */
export const SERVERS_BY_HAND: Readonly<
  Record<string, () => Promise<{ readonly show: string; readonly stop: () => Promise<void> }>>
> = {
  kubernetes: async () => {
    const server = await startControlPlane();
    return { show: server.kubeconfig, stop: server.stop };
  },
  gitea: async () => {
    const server = await startGitea();
    return { show: `${server.url}  user ${server.user}  password ${server.password}`, stop: server.stop };
  },
  registry: async () => {
    const server = await startRegistry();
    return { show: server.address, stop: server.stop };
  },
  aws: async () => {
    const server = await startAws();
    return { show: server.url, stop: server.stop };
  },
};
