import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import type { Environment } from '../../foundation/environment.ts';
import { userError } from '../../foundation/errors.ts';
import type { Backend } from './backend.ts';
import type { Bucket } from './bucket.ts';
import { DiyBackend, META } from './diy-backend.ts';
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
  const bucket = await openBucket(url, place);
  await checkLayout(bucket);
  return new DiyBackend(url, bucket, place.environment);
}

async function openBucket(url: string, place: BackendPlace): Promise<Bucket> {
  if (url.startsWith('s3://')) return createS3Bucket(parseS3Url(url, place.environment));
  if (!url.startsWith('file://')) throw unsupported(url);
  const folder = folderOf(url.slice('file://'.length).split('?')[0]!, place.directory ?? process.cwd());
  await mkdir(folder, { recursive: true }).catch((cause: Error) => {
    throw userError(
      `Cannot open the state backend: ${cause.message}. Correct PULUMI_BACKEND_URL or \`pulumi login\`.`,
      { place: { file: url }, cause },
    );
  });
  return createLocalBucket(folder);
}

/** Only the layout that keeps stacks by project is served (pkg/backend/diy/meta.go): in another one, stacks would seem not to be there. */
async function checkLayout(bucket: Bucket): Promise<void> {
  const text = (await bucket.read(META))?.toString('utf8');
  const version = text === undefined ? undefined : (/^\s*version:\s*(\S+)/m.exec(text)?.[1] ?? '0');
  if (version === '1') return;
  const place = { file: bucket.describe(META) };
  if (version !== undefined && version !== '0') {
    throw userError(
      `Cannot use the state backend as its layout is not known: version ${version}. Use the official pulumi CLI.`,
      { place },
    );
  }
  const stacks = await bucket.list('.pulumi/stacks');
  if (version === undefined && !stacks.some(({ key }) => /^\.pulumi\/stacks\/[^/]+\.json(\.gz|\.zst)?$/.test(key)))
    return;
  throw userError(
    'Cannot use the state backend as it has the legacy layout, in which stacks do not belong to projects. Run `pulumi state upgrade` of the official pulumi CLI.',
    { place },
  );
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
