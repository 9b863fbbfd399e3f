import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parse } from 'yaml';

/** What a kubeconfig says about one of its clusters. */
export interface ClusterFacts {
  /** Address of the Kubernetes API. */
  readonly endpoint: string;
  /** Base64 of PEM. Undefined where the kubeconfig trusts what the machine trusts, or nobody. */
  readonly certificateAuthority: string | undefined;
}

interface Named {
  readonly name?: string;
}

interface Kubeconfig {
  readonly 'current-context'?: string;
  readonly contexts?: readonly (Named & { readonly context?: { readonly cluster?: string } })[];
  readonly clusters?: readonly (Named & { readonly cluster?: Readonly<Record<string, unknown>> })[];
}

/**
 * Address and certificate authority of the cluster that a context of a kubeconfig leads to. `source` is the text of a kubeconfig or
 * a path to one. Throws without ever showing what is in it, as that is a credential.
 */
export function clusterFacts(source: string, wanted?: string): ClusterFacts {
  const isText = source.includes('\n') || source.trimStart().startsWith('{');
  const text = isText ? source : readFile(source);
  const config = parsed(text, isText ? undefined : source);
  return factsOf([config], wanted);
}

/**
 * The same of the kubeconfig that tools on this machine use: the files of `KUBECONFIG`, or `~/.kube/config`. Undefined where it has no
 * such context, as on a machine that only previews in the sandbox: whoever needs the cluster then says what is missing.
 */
export function ambientFacts(
  wanted: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): ClusterFacts | undefined {
  const home = join(environment.HOME ?? homedir(), '.kube', 'config');
  const paths = (environment.KUBECONFIG || home).split(delimiter).filter((file) => file !== '' && existsSync(file));
  const files = paths.map((file) => parsed(readFile(file), file));
  return contextOf(files, wanted).context && factsOf(files, wanted);
}

/** The first file that names something decides it, as kubectl merges them. */
function contextOf(files: readonly Kubeconfig[], wanted: string | undefined) {
  const name = wanted ?? files.map((file) => file['current-context']).find((current) => current);
  const contexts = files.flatMap((file) => file.contexts ?? []);
  return { name, contexts, context: contexts.find((context) => context.name === name) };
}

function factsOf(files: readonly Kubeconfig[], wanted: string | undefined): ClusterFacts {
  const { name: current, contexts, context } = contextOf(files, wanted);
  if (!context) {
    const known = contexts.map(({ name }) => name).join(', ') || 'none';
    throw new Error(
      `Cannot use the kubeconfig as it has no context ${current ?? 'that is the current one'}. Name one of its own: ${known}.`,
    );
  }
  const name = context.context?.cluster;
  const cluster = files.flatMap((file) => file.clusters ?? []).find((one) => one.name === name)?.cluster;
  if (typeof cluster?.server !== 'string') {
    throw new Error(`Cannot use the kubeconfig as its cluster ${name ?? ''} has no server. Correct it.`);
  }
  return { endpoint: cluster.server, certificateAuthority: authorityOf(cluster) };
}

function authorityOf(cluster: Readonly<Record<string, unknown>>): string | undefined {
  const data = cluster['certificate-authority-data'];
  if (typeof data === 'string') return data;
  const file = cluster['certificate-authority'];
  return typeof file === 'string' ? Buffer.from(readFile(file)).toString('base64') : undefined;
}

function parsed(text: string, file: string | undefined): Kubeconfig {
  const where = file === undefined ? 'the kubeconfig' : `the kubeconfig ${file}`;
  let value: unknown;
  try {
    value = parse(text);
  } catch {
    // The parser's own words would show lines of it.
    throw new Error(`Cannot read ${where} as it is not YAML. Give the text of a kubeconfig, or a path to one.`);
  }
  if (typeof value === 'object' && value !== null) return value as Kubeconfig;
  throw new Error(`Cannot read ${where} as it is no kubeconfig. Give the text of one, or a path to one.`);
}

function readFile(path: string): string {
  const full = path.startsWith('~/') ? join(homedir(), path.slice(2)) : path;
  try {
    return readFileSync(full, 'utf8');
  } catch (error) {
    throw new Error(`Cannot read the file of a kubeconfig: ${path}. Name one that is there.`, { cause: error });
  }
}
