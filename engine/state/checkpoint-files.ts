import { promisify } from 'node:util';
import { gunzip, gzip, zstdDecompress } from 'node:zlib';
import type { StackIdentity } from './backend.ts';
import { StackNotFound } from './backend.ts';
import type { Bucket } from './bucket.ts';

const unzip = promisify(gunzip);
const zip = promisify(gzip);
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

async function unpack(bytes: Buffer, ending: CheckpointEnding): Promise<string> {
  if (ending === '.json.gz') return (await unzip(bytes)).toString('utf8');
  if (ending === '.json.zst') return (await unzstd(bytes)).toString('utf8');
  return bytes.toString('utf8');
}

/** Bytes of a text under the ending. What was packed by Zstandard is written as gzip or plain from then on: the latest form counts. */
export async function pack(text: string, ending: CheckpointEnding): Promise<Buffer> {
  return ending === '.json.gz' ? await zip(text) : Buffer.from(text, 'utf8');
}
