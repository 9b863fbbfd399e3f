import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { type BuildProgress, ensureBuilt } from './build.ts';
import { serverBuild } from './catalogue.ts';
import { freePorts } from './free-port.ts';
import { ServerGroup } from './server-group.ts';

/** A Kubernetes control plane with nodes that kwok plays. */
export interface ControlPlane {
  /** Path of a kubeconfig of an administrator. */
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

/** kwok's own behaviours, by folder under kustomize/stage in its module. */
const STAGE_FOLDERS = ['node/fast', 'node/heartbeat-with-lease', 'pod/fast', 'volume/fast'];

interface Layout {
  readonly binary: string;
  readonly kwokSource: string;
  readonly etcd: string;
  readonly etcdPeer: string;
  readonly port: number;
  readonly kubeconfig: string;
  readonly tokens: string;
  readonly serviceAccountKey: string;
  readonly certificates: string;
}

/**
 * Starts etcd, the API server, the controller manager, the scheduler and kwok with two nodes, on free ports of 127.0.0.1. When it
 * resolves the API is ready, the nodes are, and the namespace `default` has its service account. Rejects with the failing
 * component's last log lines.
 */
export async function startControlPlane(progress: BuildProgress = () => {}): Promise<ControlPlane> {
  const binary = await ensureBuilt(serverBuild('kubernetes'), progress);
  const modules: Record<string, string> = JSON.parse(await readFile(join(binary, '..', 'modules.json'), 'utf8'));
  const group = await ServerGroup.open('kubernetes');
  try {
    const layout = await prepare(group.folder, binary, modules['sigs.k8s.io/kwok']!);
    await startComponents(group, layout);
    return { kubeconfig: layout.kubeconfig, stop: () => group.stop() };
  } catch (error) {
    await group.stop();
    throw error;
  }
}

async function prepare(folder: string, binary: string, kwokSource: string): Promise<Layout> {
  const [etcd, etcdPeer, port] = await freePorts(3);
  const token = randomBytes(24).toString('hex');
  const path = (name: string) => join(folder, name);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  await writeFile(path('service-accounts.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
  await writeFile(path('tokens.csv'), `${token},admin,admin,"system:masters"\n`, { mode: 0o600 });
  await writeFile(path('kubeconfig'), JSON.stringify(kubeconfig(port!, token), undefined, 2), { mode: 0o600 });
  await mkdir(path('certificates'));
  return {
    binary,
    kwokSource,
    etcd: `http://127.0.0.1:${etcd}`,
    etcdPeer: `http://127.0.0.1:${etcdPeer}`,
    port: port!,
    kubeconfig: path('kubeconfig'),
    tokens: path('tokens.csv'),
    serviceAccountKey: path('service-accounts.key'),
    certificates: path('certificates'),
  };
}

function kubeconfig(port: number, token: string): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'mainstay',
    clusters: [
      { name: 'mainstay', cluster: { server: `https://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } },
    ],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'mainstay', context: { cluster: 'mainstay', user: 'admin' } }],
  };
}

async function startComponents(group: ServerGroup, layout: Layout): Promise<void> {
  await group.start('etcd', etcdCommand(layout, join(group.folder, 'etcd')));
  await group.start('kube-apiserver', apiServerCommand(layout));
  const api = adminOf(await readFile(layout.kubeconfig, 'utf8'));
  await group.until('kube-apiserver', async () => (await call(api, 'GET', '/readyz')).status === 200);
  // The defaults (20 requests a second) make a thousand objects a matter of minutes.
  const rate = ['--kube-api-qps=1000', '--kube-api-burst=2000'];
  const shared = [`--kubeconfig=${layout.kubeconfig}`, '--leader-elect=false', '--secure-port=0', ...rate];
  await group.start('kube-controller-manager', [
    layout.binary,
    'kube-controller-manager',
    ...shared,
    `--service-account-private-key-file=${layout.serviceAccountKey}`,
    '--use-service-account-credentials=false',
    '--controllers=*,-ttl-controller',
    '--pvclaimbinder-sync-period=1s',
  ]);
  await group.start('kube-scheduler', [layout.binary, 'kube-scheduler', ...shared]);
  await group.start('kwok', await kwokCommand(layout, group.folder));
  for (const name of ['node-1', 'node-2']) await call(api, 'POST', '/api/v1/nodes', node(name));
  const ready = async () =>
    (await call(api, 'GET', '/api/v1/namespaces/default/serviceaccounts/default')).status === 200 &&
    nodesAreReady(await call(api, 'GET', '/api/v1/nodes'));
  await group.until('kwok', ready);
}

function etcdCommand(layout: Layout, data: string): readonly string[] {
  return [
    layout.binary,
    'etcd',
    `--data-dir=${data}`,
    `--listen-client-urls=${layout.etcd}`,
    `--advertise-client-urls=${layout.etcd}`,
    `--listen-peer-urls=${layout.etcdPeer}`,
    // A control plane of a test need not survive a power cut.
    '--unsafe-no-fsync=true',
    '--log-level=error',
  ];
}

function apiServerCommand(layout: Layout): readonly string[] {
  return [
    layout.binary,
    'kube-apiserver',
    `--etcd-servers=${layout.etcd}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${layout.port}`,
    `--cert-dir=${layout.certificates}`,
    '--service-cluster-ip-range=10.0.0.0/16',
    '--service-account-issuer=https://mainstay.test',
    `--service-account-key-file=${layout.serviceAccountKey}`,
    `--service-account-signing-key-file=${layout.serviceAccountKey}`,
    `--token-auth-file=${layout.tokens}`,
    '--authorization-mode=RBAC',
    '--allow-privileged=true',
    // The address is 127.0.0.1, which the reconciler refuses as an endpoint of the service `kubernetes`.
    '--endpoint-reconciler-type=none',
  ];
}

/** kwok takes its behaviours as one YAML file; ours for broken pods are beside this file. */
async function kwokCommand(layout: Layout, folder: string): Promise<readonly string[]> {
  const folders = STAGE_FOLDERS.map((name) => join(layout.kwokSource, 'kustomize/stage', name));
  const documents: string[] = [];
  for (const source of [...folders, join(import.meta.dirname, 'kubernetes', 'stages')])
    for (const file of (await readdir(source)).sort())
      if (/\.yaml$/.test(file) && !['kustomization.yaml', 'storage-class.yaml'].includes(file))
        documents.push(await readFile(join(source, file), 'utf8'));
  const config = join(folder, 'kwok.yaml');
  await writeFile(config, documents.join('\n---\n'));
  return [
    layout.binary,
    'kwok',
    `--kubeconfig=${layout.kubeconfig}`,
    `--config=${config}`,
    '--manage-all-nodes=true',
    '--node-lease-duration-seconds=40',
    '--server-address=',
  ];
}

function node(name: string): unknown {
  const capacity = { cpu: '64', memory: '256Gi', pods: '2000', 'ephemeral-storage': '1Ti' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' } },
    status: { capacity, allocatable: capacity },
  };
}

function nodesAreReady(answer: Answer): boolean {
  interface Nodes {
    readonly items: readonly {
      readonly status?: { readonly conditions?: readonly { type: string; status: string }[] };
    }[];
  }
  const { items }: Nodes = JSON.parse(answer.body);
  const isReady = (item: Nodes['items'][number]) =>
    item.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') === true;
  return items.length === 2 && items.every(isReady);
}

interface Admin {
  readonly server: string;
  readonly token: string;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

function adminOf(text: string): Admin {
  const config = JSON.parse(text);
  return { server: config.clusters[0].cluster.server, token: config.users[0].user.token };
}

function call(admin: Admin, method: string, path: string, body?: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${admin.token}`, 'content-type': 'application/json' };
    const options = { method, headers, rejectUnauthorized: false };
    const outgoing = request(admin.server + path, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode!, body: Buffer.concat(chunks).toString() }));
    });
    outgoing.once('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
