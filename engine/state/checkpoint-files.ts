import { promisify } from 'node:util';
import { gunzip, gzip, zstdCompress, zstdDecompress } from 'node:zlib';
import type { EnvironmentReader } from '../../foundation/environment.ts';
import { userError } from '../../foundation/errors.ts';
import type { StackIdentity } from './backend.ts';
import { StackNotFound } from './backend.ts';
import type { Bucket } from './bucket.ts';

const unzip = promisify(gunzip);
const zip = promisify(gzip);
const zipZstd = promisify(zstdCompress);
const unzstd = promisify(zstdDecompress);

/** Endings of a checkpoint file: plain, gzip, Zstandard. */
const ENDINGS = ['.json', '.json.gz', '.json.zst'] as const;
export type CheckpointEnding = (typeof ENDINGS)[number];

export interface CheckpointFile {
  readonly key: string;
  readonly ending: CheckpointEnding;
  readonly modified: number;
}

export const stackFolder = '.pulumi/stacks';

/** Key of a stack's checkpoint without its ending. */
export function stackKey({ project, stack }: StackIdentity): string {
  return `${stackFolder}/${project}/${stack}`;
}

/** The stack that a key in the stacks folder belongs to; undefined for backups, tags and anything else. */
export function stackOfKey(key: string): (StackIdentity & { readonly ending: CheckpointEnding }) | undefined {
  const match = /^\.pulumi\/stacks\/([^/]+)\/([^/]+?)(\.json(?:\.gz|\.zst)?)$/.exec(key);
  return match ? { project: match[1]!, stack: match[2]!, ending: match[3] as CheckpointEnding } : undefined;
}

/** The checkpoint in use: where there are several forms, the one written last (pkg/backend/diy/state.go). */
export async function findCheckpoint(bucket: Bucket, stack: StackIdentity): Promise<CheckpointFile | undefined> {
  const entries = await bucket.list(`${stackFolder}/${stack.project}`);
  const found = entries.flatMap(({ key, modified }) => {
    const owner = stackOfKey(key);
    return owner?.stack === stack.stack ? [{ key, modified, ending: owner.ending }] : [];
  });
  return found.sort((a, b) => b.modified - a.modified)[0];
}

/** The text of a checkpoint, unpacked. Rejects with `StackNotFound`. */
export async function readCheckpoint(
  bucket: Bucket,
  stack: StackIdentity,
): Promise<{ readonly file: CheckpointFile; readonly text: string }> {
  const file = await findCheckpoint(bucket, stack);
  const bytes = file && (await bucket.read(file.key));
  if (!file || !bytes) throw new StackNotFound(stack.stack);
  return { file, text: await unpack(bytes, file.ending) };
}

/** The text of a file's bytes, by the file's ending. */
export async function unpack(bytes: Buffer, file: string): Promise<string> {
  if (file.endsWith('.gz')) return (await unzip(bytes)).toString('utf8');
  if (file.endsWith('.zst')) return (await unzstd(bytes)).toString('utf8');
  return bytes.toString('utf8');
}

/** Bytes of a text under the ending. */
export async function pack(text: string, ending: CheckpointEnding): Promise<Buffer> {
  if (ending === '.json.gz') return await zip(text);
  if (ending === '.json.zst') return await zipZstd(text);
  return Buffer.from(text, 'utf8');
}

/** The form to write in: the one that the environment asks for, else the one that is there, else plain. */
export function endingFor(settings: EnvironmentReader, present: CheckpointEnding = '.json'): CheckpointEnding {
  const [gzip, zstd] = (['GZIP', 'ZSTD'] as const).map(
    (form) =>
      settings.flag(`PULUMI_DIY_BACKEND_${form}`, false) || settings.flag(`PULUMI_SELF_MANAGED_STATE_${form}`, false),
  );
  if (gzip && zstd)
    throw userError(
      'Cannot write states as PULUMI_DIY_BACKEND_GZIP and PULUMI_DIY_BACKEND_ZSTD are both set. Unset one of them.',
    );
  return zstd ? '.json.zst' : gzip ? '.json.gz' : present;
}
