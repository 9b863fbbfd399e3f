import { readFileSync } from 'node:fs';
import { AppsV1Api, CoreV1Api, KubeConfig, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { openCheckedSite } from './checked-site.ts';

/** A Deployment per stack in a namespace of its own, its image from the one file that all stacks share. */
const PROGRAM = `import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { image } from './image';

const config = new pulumi.Config();
const name = config.require('namespace');
const labels = { app: 'shop' };
const namespace = new kubernetes.core.v1.Namespace('shop', { metadata: { name } });
const template = { metadata: { labels }, spec: { containers: [{ name: 'shop', image }] } };
new kubernetes.apps.v1.Deployment('shop', {
  metadata: { name: 'shop', namespace: namespace.metadata.name },
  spec: { replicas: 1, selector: { matchLabels: labels }, template },
});
export const address = config.require('site') + name;
`;

const JOB = `apiVersion: batch/v1
kind: Job
metadata: { name: smoke }
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{ name: smoke, image: "registry.example/smoke:1" }]
`;

export type ShopStack = 'dev' | 'staging' | 'prod';

const SETTINGS = (namespaceOf: (stack: ShopStack) => string) => `environments:
  - name: dev
    stacks: [dev]
    verify: [{ kind: http, url: "\${outputs.dev.address}", every: 1s, timeout: 1s }]
    onFailure: revert
  - name: staging
    stacks: [staging]
    soak: 2s
    verify:
      - { kind: http, url: "\${outputs.staging.address}", every: 1s, timeout: 1s }
      - { kind: kubernetes-job, manifest: smoke.yaml, namespace: ${namespaceOf('staging')} }
    onFailure: revert-and-merge
  - name: prod
    stacks: [prod]
    approval: { owners: [ada] }
drift: { mode: report, every: 2s }
stacks:
  dev: { drift: { mode: correct, every: 2s } }
  staging: { drift: { mode: "off" } }
`;

/** The shop's one file that changes. */
export const imageFile = (tag: string) => ({
  'infra/image.ts': `export const image = 'registry.example/shop:${tag}';\n`,
});

/** What runs in a cluster: looked at, and touched by hand, without the runner. */
export interface ShopOnCluster {
  readonly files: Readonly<Record<string, string>>;
  image(stack: ShopStack): Promise<string | undefined>;
  replicas(stack: ShopStack): Promise<number | undefined>;
  /** Counts up whenever the Deployment is written. */
  generation(stack: ShopStack): Promise<number | undefined>;
  /** As \`kubectl scale\` does. */
  scale(stack: ShopStack, replicas: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Plays the shop's own answers, as the nodes are played too and run no image: it answers for the pods that are ready, and badly for those
 * whose image is called bad. What is called heavy is bad in staging only.
 */
export async function openShopOnCluster(kubeconfig: string): Promise<ShopOnCluster> {
  const config = new KubeConfig();
  config.loadFromString(readFileSync(kubeconfig, 'utf8'));
  const apps = config.makeApiClient(AppsV1Api);
  const core = config.makeApiClient(CoreV1Api);
  const namespaceOf = (stack: ShopStack) => `shop-${stack}-${process.pid}`;
  const site = await openCheckedSite((path) => answerOf(core, path));
  const stackFile = (stack: ShopStack) =>
    `config:\n  journey:namespace: ${namespaceOf(stack)}\n  journey:site: ${site.address}\n`;
  const read = async (stack: ShopStack) =>
    apps.readNamespacedDeployment({ name: 'shop', namespace: namespaceOf(stack) }).catch(() => undefined);
  const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
  return {
    files: {
      'Pulumi.yaml': 'name: journey\nruntime: nodejs\nmain: infra/\nstackConfigDir: stacks\n',
      'infra/package.json': '{"type": "commonjs"}\n',
      'infra/index.ts': PROGRAM,
      ...imageFile('1'),
      'smoke.yaml': JOB,
      'stacks/mainstay.yaml': SETTINGS(namespaceOf),
      'stacks/Pulumi.dev.yaml': stackFile('dev'),
      'stacks/Pulumi.staging.yaml': stackFile('staging'),
      'stacks/Pulumi.prod.yaml': stackFile('prod'),
    },
    image: async (stack) => (await read(stack))?.spec?.template.spec?.containers[0]?.image,
    replicas: async (stack) => (await read(stack))?.spec?.replicas,
    generation: async (stack) => (await read(stack))?.metadata?.generation,
    scale: async (stack, replicas) => {
      const place = { name: 'shop', namespace: namespaceOf(stack), fieldManager: 'kubectl-scale' };
      await apps.patchNamespacedDeployment({ ...place, body: { spec: { replicas } } }, merge);
    },
    close: async () => {
      site.close();
      for (const stack of ['dev', 'staging', 'prod'] as const)
        await core.deleteNamespace({ name: namespaceOf(stack) }).catch(() => {});
    },
  };
}

async function answerOf(core: CoreV1Api, namespace: string): Promise<number> {
  try {
    const { items } = await core.listNamespacedPod({ namespace, labelSelector: 'app=shop' });
    const serving = items.filter(
      ({ metadata, status }) =>
        metadata?.deletionTimestamp === undefined &&
        status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True'),
    );
    if (serving.length === 0) return 503;
    const bad = /^shop-staging-/.test(namespace) ? /-(?:bad|heavy)$/ : /-bad$/;
    return serving.some(({ spec }) => spec!.containers.some(({ image }) => bad.test(image ?? ''))) ? 500 : 200;
  } catch {
    return 502;
  }
}
