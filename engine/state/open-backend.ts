import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import type { Environment } from '../../foundation/environment.ts';
import { userError } from '../../foundation/errors.ts';
import type { Backend } from './backend.ts';
import { DiyBackend } from './diy-backend.ts';
import { createLocalBucket } from './local-bucket.ts';
import { createS3Bucket, parseS3Url } from './s3-bucket.ts';

/** Where backends are opened from. */
export interface BackendPlace {
  readonly environment: Environment;
  /** What a relative `file://` path starts from. Default: the working directory. */
  readonly directory?: string;
}

/** Opens the backend of a `pulumi login` URL. `file://~` is the home folder. Rejects with a user error for a kind that is not served. */
export async function openBackend(url: string, place: BackendPlace): Promise<Backend> {
  if (url.startsWith('s3://'))
    return new DiyBackend(url, await createS3Bucket(parseS3Url(url, place.environment)), place.environment);
  if (!url.startsWith('file://')) throw unsupported(url);
  const folder = folderOf(url.slice('file://'.length).split('?')[0]!, place.directory ?? process.cwd());
  await mkdir(folder, { recursive: true }).catch((cause: Error) => {
    throw userError(
      `Cannot open the state backend: ${cause.message}. Correct PULUMI_BACKEND_URL or \`pulumi login\`.`,
      { place: { file: url }, cause },
    );
  });
  return new DiyBackend(url, createLocalBucket(folder), place.environment);
}

function folderOf(path: string, directory: string): string {
  const decoded = decodeURIComponent(path);
  if (decoded === '~' || decoded.startsWith('~/')) return join(homedir(), decoded.slice(1));
  return isAbsolute(decoded) ? decoded : resolve(directory, decoded);
}

function unsupported(url: string): Error {
  const kind = /^[a-z0-9+.-]+:\/\//i.exec(url)?.[0] ?? url;
  return userError(
    `Cannot open the state backend as the embedded engine does not have its kind: ${JSON.stringify(kind)}. Use \`pulumi login file://...\`, or the official pulumi CLI for this stack.`,
  );
}
