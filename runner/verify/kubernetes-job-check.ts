import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiException, BatchV1Api, CoreV1Api, KubeConfig, type V1Job } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { isMainstayError, messageOf, userError } from '../../foundation/errors.ts';
import { type Verification, type Verifier, type VerifyContext, withOutputs } from './verifier.ts';

const POLL_MS = 1000;
/** A finished job goes by itself after this, where its manifest does not say. */
const KEPT_SECONDS = 3600;
const LINES_SHOWN = 5;
/** What is asked for to delete a job that took too long. */
const CLEAN_UP_MS = 10_000;

/** What a cluster answers for a moment: too many requests, or a server that is being replaced. */
const PASSING = new Set([408, 429, 500, 502, 503, 504]);

/**
 * Runs a Job of the repository in a cluster and waits for its end. Nothing of it goes on beyond its time: the cluster ends it where nobody is there
 * to do so, and one that takes too long is deleted with its pods. What has ended goes by itself after an hour.
 */
export const kubernetesJobCheck: Verifier<'kubernetes-job'> = async (check, context) => {
  const { signal, note } = context;
  const job = readJob(check, context);
  const config = configOf(check, context);
  const batch = config.makeApiClient(BatchV1Api);
  const place = { namespace: check.namespace, name: job.metadata!.name! };
  const deadline = performance.now() + check.timeout;
  await patiently(() => createOnce(batch, place.namespace, job), { deadline, signal });
  for (;;) {
    const { status } = await patiently(() => batch.readNamespacedJob(place), { deadline, signal });
    signal.throwIfAborted();
    const ended = status?.conditions?.find(
      ({ type, status: is }) => is === 'True' && (type === 'Complete' || type === 'Failed'),
    );
    if (ended?.type === 'Complete') return { good: true, text: `job ${place.name} completed` };
    if (ended) return failed(config, place, `failed: ${ended.message ?? ended.reason ?? ''}`);
    if (performance.now() > deadline) {
      const end = await failed(config, place, `has not ended within ${check.timeout / 1000} s`);
      await patiently(() => remove(batch, place), { deadline: performance.now() + CLEAN_UP_MS, signal });
      return end;
    }
    note(`job ${place.name}: ${status?.active ?? 0} active`);
    await delay(POLL_MS, undefined, { signal });
  }
};

function readJob(check: Parameters<typeof kubernetesJobCheck>[0], context: VerifyContext): V1Job {
  const root = resolve(context.folder);
  const file = resolve(root, check.manifest);
  const wrong = (why: string) =>
    userError(`Cannot verify as the manifest ${why}: ${check.manifest}. Correct the settings.`);
  if (!file.startsWith(root + sep) || !existsSync(file)) throw wrong('is not in the repository');
  const text = withOutputs(readFileSync(join(root, check.manifest), 'utf8'), context.outputs);
  const job = parse(text) as V1Job | null;
  if (job?.kind !== 'Job' || job.apiVersion !== 'batch/v1') throw wrong('is no Job of batch/v1');
  const base = (job.metadata?.name ?? job.metadata?.generateName ?? 'verify').replace(/-$/, '').slice(0, 48);
  const name = `${base}-${createHash('sha256').update(context.key).digest('hex').slice(0, 10)}`;
  const labels = { ...job.metadata?.labels, 'app.kubernetes.io/managed-by': 'mainstay' };
  return {
    ...job,
    metadata: { ...job.metadata, generateName: undefined, name, namespace: check.namespace, labels },
    spec: {
      ...job.spec!,
      ttlSecondsAfterFinished: job.spec?.ttlSecondsAfterFinished ?? KEPT_SECONDS,
      activeDeadlineSeconds: Math.min(job.spec?.activeDeadlineSeconds ?? Infinity, Math.ceil(check.timeout / 1000)),
    },
  };
}

function configOf(
  check: Parameters<typeof kubernetesJobCheck>[0],
  { outputs, environment }: VerifyContext,
): KubeConfig {
  const config = new KubeConfig();
  try {
    if (check.kubeconfig !== undefined) config.loadFromString(withOutputs(`$\{outputs.${check.kubeconfig}}`, outputs));
    else if (environment.KUBECONFIG) config.loadFromFile(environment.KUBECONFIG);
    else config.loadFromDefault();
    return config;
  } catch (error) {
    if (isMainstayError(error)) throw error;
    throw userError(`Cannot verify as the kubeconfig cannot be read: ${messageOf(error)}. Correct it.`, {
      cause: error,
    });
  }
}

/** The job of an earlier life is the same job. */
async function createOnce(batch: BatchV1Api, namespace: string, body: V1Job): Promise<void> {
  try {
    await batch.createNamespacedJob({ namespace, body });
  } catch (error) {
    if (error instanceof ApiException && error.code === 409) return;
    throw error;
  }
}

/** With its pods: what it began is not left behind. */
async function remove(batch: BatchV1Api, place: { readonly namespace: string; readonly name: string }): Promise<void> {
  try {
    await batch.deleteNamespacedJob({ ...place, propagationPolicy: 'Background' });
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) return;
    throw error;
  }
}

/** Asks again until the deadline where the cluster is away for a moment: that says nothing about what is verified. */
async function patiently<T>(
  work: () => Promise<T>,
  { deadline, signal }: { readonly deadline: number; readonly signal: AbortSignal },
): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const passes = !(error instanceof ApiException) || PASSING.has(error.code);
      if (!passes || performance.now() > deadline) throw explained(error);
      await delay(POLL_MS, undefined, { signal });
    }
  }
}

function explained(error: unknown): Error {
  const said = error instanceof ApiException ? `${error.code} ${messageIn(error.body)}` : messageOf(error);
  return userError(`Cannot verify as the cluster says: ${said}. Correct the manifest or the kubeconfig.`, {
    cause: error,
  });
}

function messageIn(body: unknown): string {
  try {
    const status: unknown = typeof body === 'string' ? JSON.parse(body) : body;
    return String((status as { message?: unknown }).message ?? '').slice(0, 300);
  } catch {
    return String(body).slice(0, 300);
  }
}

async function failed(
  config: KubeConfig,
  place: { readonly namespace: string; readonly name: string },
  why: string,
): Promise<Verification> {
  const tail = await lastLines(config, place).catch(() => '');
  return { good: false, text: `job ${place.name} ${why}${tail === '' ? '' : `: ${tail}`}` };
}

async function lastLines(
  config: KubeConfig,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<string> {
  const core = config.makeApiClient(CoreV1Api);
  const { items } = await core.listNamespacedPod({ namespace, labelSelector: `job-name=${name}` });
  const pod = items.at(-1)?.metadata?.name;
  if (pod === undefined) return '';
  return (await core.readNamespacedPodLog({ namespace, name: pod, tailLines: LINES_SHOWN })).trim();
}
