import { spawn } from 'node:child_process';
import type { Environment } from '../../foundation/environment.ts';
import { messageOf, systemCode, userError } from '../../foundation/errors.ts';
import { isFields, type KubeFields, listAt, textAt, valueAt } from './object.ts';

/** What a credential plugin gives for the requests to come. */
export interface ExecCredential {
  readonly token: string | undefined;
  /** PEM. */
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  /** Milliseconds since the Unix epoch; undefined: until the server refuses it. */
  readonly expires: number | undefined;
}

/** What a plugin is run with. */
export interface ExecRun {
  /** The user's `exec` of the kubeconfig. */
  readonly exec: KubeFields;
  /** The cluster's entry, for plugins that ask for it (`provideClusterInfo`). */
  readonly cluster: KubeFields | undefined;
  /** Where the kubeconfig comes from, for messages. */
  readonly origin: string;
  readonly environment: Environment;
}

const VERSIONS = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];
/** A credential is renewed this many milliseconds before it expires: the request still has to arrive. */
const MARGIN = 10_000;
const MAX_MESSAGE = 500;

export function isExpired(credential: ExecCredential, now: number): boolean {
  return credential.expires !== undefined && credential.expires - MARGIN <= now;
}

/**
 * Runs a credential plugin (`aws eks get-token`, `gke-gcloud-auth-plugin`, `kubelogin`, ...) by the protocol of client-go: the request is
 * in KUBERNETES_EXEC_INFO, the answer on standard output. The client library does not pass the request, which some plugins refuse
 * to work without. Rejects with a user error in the plugin's own words; its output is never part of an error.
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins)
 */
export async function runExecPlugin(run: ExecRun): Promise<ExecCredential> {
  const command = textAt(run.exec, 'command');
  const apiVersion = textAt(run.exec, 'apiVersion');
  if (command === '')
    throw userError(`Cannot log in to the cluster as the user's exec names no command (${run.origin}).`);
  if (!VERSIONS.includes(apiVersion))
    throw userError(
      `Cannot log in to the cluster as the apiVersion of the user's exec is not supported: ${JSON.stringify(apiVersion)} ` +
        `(${run.origin}). Use ${VERSIONS.join(' or ')}.`,
    );
  if (textAt(run.exec, 'interactiveMode') === 'Always')
    throw userError(
      `Cannot log in to the cluster as its credential plugin wants to ask a person, and there is none: ${command} ` +
        `(interactiveMode: Always). Use a plugin that works alone.`,
    );
  return readCredential(await runCommand(command, run), command, apiVersion);
}

function environmentOf({ exec, cluster, environment }: ExecRun): NodeJS.ProcessEnv {
  const own = listAt(exec, 'env').map((entry) => [textAt(entry, 'name'), textAt(entry, 'value')] as const);
  const spec =
    valueAt(exec, 'provideClusterInfo') === true && cluster
      ? { interactive: false, cluster: clusterInfo(cluster) }
      : { interactive: false };
  const request = { apiVersion: textAt(exec, 'apiVersion'), kind: 'ExecCredential', spec };
  return { ...environment, ...Object.fromEntries(own), KUBERNETES_EXEC_INFO: JSON.stringify(request) };
}

/** The names of a kubeconfig's cluster in the plugin's request, where they are the same but for the extension. */
function clusterInfo({ extensions: _extensions, ...cluster }: KubeFields): KubeFields {
  const names = ['server', 'tls-server-name', 'insecure-skip-tls-verify', 'certificate-authority-data', 'proxy-url'];
  return Object.fromEntries(names.filter((name) => cluster[name] !== undefined).map((name) => [name, cluster[name]!]));
}

function runCommand(command: string, run: ExecRun): Promise<string> {
  const args = listAt(run.exec, 'args').map(String);
  return new Promise((done, reject) => {
    const plugin = spawn(command, args, { env: environmentOf(run), stdio: ['ignore', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    const messages: Buffer[] = [];
    plugin.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    plugin.stderr.on('data', (chunk: Buffer) => messages.push(chunk));
    plugin.once('error', (error) => {
      const hint = textAt(run.exec, 'installHint').trim();
      const why = systemCode(error) === 'ENOENT' ? 'is not installed' : `cannot be run (${messageOf(error)})`;
      const advice = hint || 'Install it, or correct the kubeconfig.';
      reject(userError(`Cannot log in to the cluster as its credential plugin ${why}: ${command}. ${advice}`));
    });
    plugin.once('close', (code) => {
      if (code === 0) return done(Buffer.concat(output).toString());
      const said = Buffer.concat(messages).toString().trim().slice(-MAX_MESSAGE) || 'it said nothing';
      reject(
        userError(
          `Cannot log in to the cluster as its credential plugin ${command} failed (${code}): ${said}. Log in again.`,
        ),
      );
    });
  });
}

function readCredential(output: string, command: string, apiVersion: string): ExecCredential {
  const wrong = (why: string) =>
    userError(
      `Cannot log in to the cluster as the answer of its credential plugin ${command} ${why}. Correct the plugin.`,
    );
  let answer: unknown;
  try {
    answer = JSON.parse(output);
  } catch {
    throw wrong('is no JSON');
  }
  if (!isFields(answer as KubeFields) || textAt(answer as KubeFields, 'kind') !== 'ExecCredential')
    throw wrong('is no ExecCredential');
  const credential = answer as KubeFields;
  if (textAt(credential, 'apiVersion') !== apiVersion)
    throw wrong(`has another apiVersion than ${apiVersion}: ${JSON.stringify(textAt(credential, 'apiVersion'))}`);
  const text = (name: string) => textAt(credential, 'status', name) || undefined;
  const [token, certificate, key] = [text('token'), text('clientCertificateData'), text('clientKeyData')];
  if (token === undefined && (certificate === undefined || key === undefined))
    throw wrong('holds neither a token nor a client certificate with its key');
  const expires = Date.parse(text('expirationTimestamp') ?? '');
  return { token, certificate, key, expires: Number.isNaN(expires) ? undefined : expires };
}
