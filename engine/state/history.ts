import type { ChangeSummary } from '../deploy/step.ts';
import type { StackIdentity, UpdateInfo } from './backend.ts';
import type { Bucket } from './bucket.ts';
import type { CheckpointEnding } from './checkpoint-files.ts';
import { pack, unpack } from './checkpoint-files.ts';

const historyFolder = ({ project, stack }: StackIdentity) => `.pulumi/history/${project}/${stack}`;

let lastNanos = 0n;

/** Unix nanoseconds, growing with every call: names of one process never collide. */
export function unixNanos(): bigint {
  const now = BigInt(Date.now()) * 1_000_000n;
  lastNanos = now > lastNanos ? now : lastNanos + 1n;
  return lastNanos;
}

/** Adds an update to the stack's history, with a copy of the checkpoint after it (pkg/backend/diy/state.go). */
export async function addToHistory(
  bucket: Bucket,
  stack: StackIdentity,
  entry: { readonly update: UpdateInfo; readonly checkpoint: string; readonly ending: CheckpointEnding },
): Promise<void> {
  const prefix = `${historyFolder(stack)}/${stack.stack}-${unixNanos()}`;
  const { ending } = entry;
  await bucket.write(`${prefix}.history${ending}`, await pack(JSON.stringify(toFile(entry.update)), ending));
  await bucket.write(`${prefix}.checkpoint${ending}`, await pack(entry.checkpoint, ending));
}

/** Newest first. A page that does not exist is empty. Files that cannot be read are left out: history is not state. */
export async function readHistory(
  bucket: Bucket,
  stack: StackIdentity,
  { pageSize, page = 1 }: { readonly pageSize?: number; readonly page?: number },
): Promise<readonly UpdateInfo[]> {
  const keys = (await bucket.list(historyFolder(stack)))
    .map(({ key }) => key)
    .filter((key) => /\.history\.json(\.gz|\.zst)?$/.test(key));
  const newest = keys.sort((a, b) => (nanosOf(a) < nanosOf(b) ? 1 : -1));
  const wanted = pageSize === undefined || pageSize < 1 ? newest : newest.slice((page - 1) * pageSize, page * pageSize);
  const updates = await Promise.all(wanted.map((key) => readUpdate(bucket, key)));
  return updates.filter((update) => update !== undefined);
}

function nanosOf(key: string): bigint {
  return BigInt(/-(\d+)\.history\./.exec(key)?.[1] ?? 0);
}

async function readUpdate(bucket: Bucket, key: string): Promise<UpdateInfo | undefined> {
  const bytes = await bucket.read(key);
  if (!bytes) return undefined;
  try {
    return fromFile(JSON.parse(await unpack(bytes, key)) as HistoryFile);
  } catch {
    return undefined;
  }
}

/** Moves the history to a stack's new name. */
export async function moveHistory(bucket: Bucket, from: StackIdentity, to: StackIdentity): Promise<void> {
  for (const { key } of await bucket.list(historyFolder(from))) {
    const bytes = await bucket.read(key);
    const name = key.slice(historyFolder(from).length + 1).replace(`${from.stack}-`, `${to.stack}-`);
    if (bytes) await bucket.write(`${historyFolder(to)}/${name}`, bytes);
    await bucket.delete(key);
  }
}

export async function deleteHistory(bucket: Bucket, stack: StackIdentity): Promise<void> {
  for (const { key } of await bucket.list(historyFolder(stack))) await bucket.delete(key);
}

/** The official file: config values are texts, or objects with `secure` where secret. */
interface HistoryFile extends Omit<UpdateInfo, 'config' | 'resourceChanges'> {
  readonly version: number;
  readonly config: Readonly<Record<string, unknown>> | null;
  readonly resourceChanges?: ChangeSummary;
}

function toFile(update: UpdateInfo): HistoryFile {
  const config = Object.entries(update.config).map(([key, { value, secret, objectValue }]) => [
    key,
    secret && !objectValue ? { secure: value } : objectValue ? JSON.parse(value) : value,
  ]);
  const { kind, startTime, message, environment, result, endTime, resourceChanges } = update;
  return {
    kind,
    startTime,
    message,
    environment,
    config: Object.fromEntries(config),
    version: 0,
    result,
    endTime,
    resourceChanges,
  };
}

function fromFile(file: HistoryFile): UpdateInfo {
  const config = Object.entries(file.config ?? {}).map(([key, value]) => [key, configValue(value)] as const);
  return {
    ...file,
    config: Object.fromEntries(config),
    environment: file.environment ?? {},
    resourceChanges: file.resourceChanges ?? {},
  };
}

function configValue(value: unknown): UpdateInfo['config'][string] {
  if (typeof value !== 'object' || value === null) return { value: String(value), secret: false };
  const secure = (value as { readonly secure?: unknown }).secure;
  if (typeof secure === 'string' && Object.keys(value).length === 1) return { value: secure, secret: true };
  const text = JSON.stringify(value);
  return { value: text, secret: text.includes('"secure":'), objectValue: true };
}
