import type { KubeObject } from '../../providers/kubernetes/object.ts';
import { TestCluster, uniqueName } from '../../providers/kubernetes/test-cluster.ts';
import { freePorts } from '../servers/free-port.ts';
import { startKubernetes } from '../servers/start.ts';
import { type CountingProxy, startCountingProxy } from './counting-proxy.ts';
import { createGiteaEstate, type GiteaEstate } from './gitea-estate.ts';

export const STACKS = ['dev', 'staging', 'prod'] as const;

/** A shop on a real Gitea and a real cluster: a Deployment and its settings in each of dev, staging and prod, which somebody has to approve. */
export interface ShopEstate extends GiteaEstate {
  /** What the runner wrote to the cluster. */
  readonly proxy: CountingProxy;
  /** The Deployment of a stack, as the cluster has it. */
  deployment(stack: string): Promise<KubeObject>;
  imageOf(stack: string): Promise<string>;
  /** The names of all ConfigMaps of ours of a stack. */
  settingsOf(stack: string): Promise<readonly string[]>;
}

/** The files that set an image in every stack. */
export type Images = (image: string) => Readonly<Record<string, string>>;

const PROGRAM = `import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';

const config = new pulumi.Config();
const labels = { app: 'web' };
const here = new kubernetes.core.v1.Namespace('here', {
  metadata: { name: config.require('namespace'), labels: { shop: config.require('shop') } },
});
const metadata = { name: 'web', namespace: here.metadata.name };
const image = config.require('image');
// A new one for each version, so that what runs keeps its own.
const settings = new kubernetes.core.v1.ConfigMap('settings', {
  metadata: { name: 'settings-' + image.split(':')[1], namespace: here.metadata.name },
  data: { image },
});
const envFrom = [{ configMapRef: { name: settings.metadata.name } }];
const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image, envFrom }] } };
const web = new kubernetes.apps.v1.Deployment('web', { metadata, spec: { replicas: 1, selector: { matchLabels: labels }, template } });
export const ready = web.status.readyReplicas;
`;

const SETTINGS = `environments:
  - { name: dev, stacks: [dev] }
  - { name: staging, stacks: [staging] }
  - { name: prod, stacks: [prod], approval: { count: 1 } }
drift: { mode: off }
`;

export function imageAt(version: number | string): string {
  return `registry.example/web:${version}`;
}

/** Starts everything; `images` makes the files that set an image in every stack. */
export async function createShopEstate(): Promise<{ readonly shop: ShopEstate; readonly images: Images }> {
  const closing: (() => Promise<void> | void)[] = [];
  const close = async () => {
    for (const end of closing.splice(0).toReversed()) await end();
  };
  try {
    const plane = await startKubernetes();
    closing.push(() => plane.stop());
    const name = uniqueName('shop');
    const cluster = new TestCluster(plane.kubeconfig);
    closing.push(() => cluster.close());
    await refuseForeignImages(cluster, name);
    closing.push(() => removeFrom(cluster, name));
    const proxy = await startCountingProxy(plane.kubeconfig);
    closing.push(() => proxy.close());
    const images: Images = (image) =>
      Object.fromEntries(STACKS.map((stack) => [`stacks/Pulumi.${stack}.yaml`, stackText({ name, stack, image })]));
    // Webhooks go to one address, whichever life of the runner is there.
    const [port] = await freePorts(1);
    const gitea = await createGiteaEstate({
      pollSeconds: 2,
      // A runner that is killed again and again takes its time.
      patienceMs: 900_000,
      files: {
        'Pulumi.yaml': 'name: journey\nruntime: nodejs\nmain: infra/\nstackConfigDir: stacks\n',
        'infra/package.json': '{"type": "commonjs"}\n',
        'infra/index.ts': PROGRAM,
        'stacks/mainstay.yaml': SETTINGS,
        ...images(imageAt(0)),
      },
      environment: { KUBECONFIG: proxy.kubeconfig, MAINSTAY_PASS: 'KUBECONFIG', MAINSTAY_PORT: String(port) },
    });
    closing.push(() => gitea.close());
    const deployment: ShopEstate['deployment'] = (stack) =>
      cluster.get(`/apis/apps/v1/namespaces/${name}-${stack}/deployments/web`);
    const settingsOf: ShopEstate['settingsOf'] = async (stack) =>
      namesIn(await cluster.get(`/api/v1/namespaces/${name}-${stack}/configmaps`)).filter((each) =>
        /^settings/.test(each),
      );
    const imageOf: ShopEstate['imageOf'] = async (stack) => imageIn(await deployment(stack));
    return {
      shop: { ...gitea, proxy, deployment, imageOf, settingsOf, close },
      images,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function stackText({
  name,
  stack,
  image,
}: {
  readonly name: string;
  readonly stack: string;
  readonly image: string;
}): string {
  const config = { 'journey:shop': name, 'journey:namespace': `${name}-${stack}`, 'journey:image': image };
  return `${JSON.stringify({ config }, null, 2)}\n`;
}

function imageIn(object: KubeObject): string {
  const { spec } = object as unknown as { spec: { template: { spec: { containers: { image: string }[] } } } };
  return spec.template.spec.containers[0]!.image;
}

function namesIn(list: KubeObject): readonly string[] {
  const { items } = list as unknown as { items: { metadata: { name: string } }[] };
  return items.map(({ metadata }) => metadata.name);
}

const POLICIES = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';
const BINDINGS = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings';

/** The cluster admits images of one registry alone, as many do. */
async function refuseForeignImages(cluster: TestCluster, name: string): Promise<void> {
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const expression = "object.spec.template.spec.containers.all(each, each.image.startsWith('registry.example/'))";
  const rule = {
    apiGroups: ['apps'],
    apiVersions: ['v1'],
    operations: ['CREATE', 'UPDATE'],
    resources: ['deployments'],
  };
  await cluster.post(POLICIES, {
    ...{ apiVersion, kind: 'ValidatingAdmissionPolicy', metadata: { name } },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: { resourceRules: [rule] },
      validations: [{ expression, message: 'only images of registry.example may run here' }],
    },
  });
  const matchResources = { namespaceSelector: { matchLabels: { shop: name } } };
  await cluster.post(BINDINGS, {
    ...{ apiVersion, kind: 'ValidatingAdmissionPolicyBinding', metadata: { name } },
    spec: { policyName: name, validationActions: ['Deny'], matchResources },
  });
}

async function removeFrom(cluster: TestCluster, name: string): Promise<void> {
  const namespaces = STACKS.map((stack) => `/api/v1/namespaces/${name}-${stack}`);
  // One that was never made cannot be removed.
  for (const path of [`${BINDINGS}/${name}`, `${POLICIES}/${name}`, ...namespaces])
    await cluster.delete(path).catch(() => {});
}
