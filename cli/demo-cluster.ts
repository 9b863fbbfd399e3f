import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument, type YAMLSeq } from 'yaml';
import { messageOf, userError } from '../foundation/errors.ts';
import { commit, git, inClone } from './demo-repository.ts';

const SETTINGS_FILE = 'stacks/mainstay.yaml';

/** The stack of any Kubernetes that KUBECONFIG leads to: stacks/Pulumi.local.yaml. */
const STACK = 'local';

const ANSWER_WITHIN_MS = 10_000;

/** What deploying stacks/Pulumi.local.yaml takes at the least. */
const NEEDED: readonly {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly namespace?: string;
}[] = [
  { verb: 'create', group: '', resource: 'namespaces' },
  { verb: 'create', group: 'apps', resource: 'deployments', namespace: 'shop' },
  { verb: 'create', group: '', resource: 'services', namespace: 'shop' },
];

/** Has `npm start` deploy to the real cluster of KUBECONFIG too: puts the stack `local` into the demo's order of promotion. May be repeated. */
export async function addCluster(repository: string, say: (line: string) => void): Promise<void> {
  const files = kubeconfigFiles();
  if (files.length === 0)
    throw userError(
      'Cannot use a cluster as KUBECONFIG is not set. Set it to the path of a file, or start without --cluster.',
    );
  const lost = files.find((file) => !existsSync(file));
  if (lost !== undefined) throw userError(`Cannot use the cluster as KUBECONFIG names no file: ${lost}. Correct it.`);
  say(await askCluster());
  await inClone(repository, async (clone) => {
    const file = join(clone, SETTINGS_FILE);
    const settings = parseDocument(readFileSync(file, 'utf8'));
    const environments = settings.get('environments') as YAMLSeq;
    const known = (environments.toJSON() as readonly { readonly name: string }[]).some(({ name }) => name === STACK);
    if (known) return;
    environments.items.unshift(settings.createNode({ name: STACK, stacks: [STACK] }));
    writeFileSync(file, settings.toString({ lineWidth: 0 }));
    await commit(clone, 'Deploy to the cluster of KUBECONFIG too');
    await git(clone, 'push', '--quiet', 'origin', 'HEAD:main');
    say(`the stack ${STACK} is the cluster of KUBECONFIG: ${files.join(', ')}`);
  });
}

/** Says how a real cluster is used, where there is one. */
export function offerCluster(args: readonly string[]): void {
  const files = kubeconfigFiles();
  if (files.length === 0 || args.includes('--cluster')) return;
  console.log(`  A real cluster    KUBECONFIG is set (${files.join(', ')}): \`npm start -- --cluster\` deploys the stack ${STACK} to it too,
                    the namespace and the application of stacks/Pulumi.${STACK}.yaml and nothing else
`);
}

/** Sees that the cluster answers and lets us deploy, before anything is started. Returns what to say of it. Throws a user error otherwise. */
async function askCluster(): Promise<string> {
  const { KubeConfig, VersionApi, AuthorizationV1Api } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  try {
    config.loadFromDefault();
  } catch (error) {
    throw userError(
      `Cannot use the cluster as KUBECONFIG cannot be read: ${messageOf(error).split('\n')[0]}. Correct the file.`,
    );
  }
  const cluster = config.getCurrentCluster();
  if (!cluster)
    throw userError(
      `Cannot use the cluster as KUBECONFIG has no current context: ${config.getCurrentContext() || 'none is set'}. Choose one with \`kubectl config use-context\`.`,
    );
  const { server } = cluster;
  const { gitVersion } = await answerOf(server, config.makeApiClient(VersionApi).getCode());
  const access = config.makeApiClient(AuthorizationV1Api);
  for (const resourceAttributes of NEEDED) {
    const body = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes },
    };
    const { status } = await answerOf(server, access.createSelfSubjectAccessReview({ body }));
    if (status?.allowed) continue;
    const { verb, resource, namespace } = resourceAttributes;
    throw userError(
      `Cannot use the cluster as you may not ${verb} ${resource}${namespace ? ` in ${namespace}` : ''} there: ${server}. Take a context that may, or start without --cluster.`,
    );
  }
  return `the cluster answers: Kubernetes ${gitVersion} at ${server}`;
}

/** Waits for an answer of the cluster, not for long: everybody else waits too. */
async function answerOf<T>(server: string, asked: Promise<T>): Promise<T> {
  const late = AbortSignal.timeout(ANSWER_WITHIN_MS);
  const lateness = new Promise<never>((_, reject) => {
    late.addEventListener('abort', () => reject(new Error(`no answer within ${ANSWER_WITHIN_MS / 1000} s`)));
  });
  try {
    return await Promise.race([asked, lateness]);
  } catch (error) {
    const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown };
    const why =
      code === 401
        ? 'it does not know who you are (401)'
        : code === 403
          ? 'it lets you do nothing (403)'
          : messageOf(cause ?? error).split('\n')[0];
    throw userError(
      `Cannot use the cluster of KUBECONFIG as ${why}: ${server}. See that \`kubectl get namespaces\` works, or start without --cluster.`,
    );
  }
}

function kubeconfigFiles(): readonly string[] {
  return (process.env.KUBECONFIG ?? '').split(':').filter((file) => file !== '');
}
