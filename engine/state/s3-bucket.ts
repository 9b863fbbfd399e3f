import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import type { Environment } from '../../foundation/environment.ts';
import { MainstayError, messageOf, userError } from '../../foundation/errors.ts';
import type { Bucket, BucketEntry } from './bucket.ts';

/** An S3 place: `s3://bucket/prefix?region=...&endpoint=...&s3ForcePathStyle=true&profile=...&disableSSL=true` (pkg/backend/diy, gocloud's s3blob). */
export interface S3Place {
  readonly bucket: string;
  readonly prefix: string;
  readonly client: S3ClientConfig;
}

const KNOWN_PARAMETERS = new Set([
  'region',
  'endpoint',
  's3ForcePathStyle',
  'use_path_style',
  'profile',
  'disableSSL',
  'disable_https',
  'awssdk',
]);

/** Reads the URL. Throws a user error for a parameter that is not known: it could name another place. */
export function parseS3Url(text: string, environment: Environment): S3Place {
  const url = new URL(text);
  const unknown = [...url.searchParams.keys()].filter((key) => !KNOWN_PARAMETERS.has(key));
  if (unknown.length > 0)
    throw userError(
      `Cannot open the state backend as its URL has a parameter that is not known: ${unknown.join(', ')}. Known are ${[...KNOWN_PARAMETERS].join(', ')}.`,
    );
  const parameter = (...names: readonly string[]) =>
    names.map((name) => url.searchParams.get(name)).find((value) => value !== null && value !== '');
  const insecure = parameter('disableSSL', 'disable_https') === 'true';
  const endpoint = parameter('endpoint');
  const region = parameter('region') ?? environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION;
  const profile = parameter('profile') ?? environment.AWS_PROFILE;
  return {
    bucket: url.hostname,
    prefix: url.pathname.replace(/^\/+|\/+$/g, ''),
    client: {
      ...(region && { region }),
      ...(profile && { profile }),
      ...(endpoint && {
        endpoint: endpoint.includes('://') ? endpoint : `${insecure ? 'http' : 'https'}://${endpoint}`,
      }),
      forcePathStyle: parameter('s3ForcePathStyle', 'use_path_style') === 'true',
      ...credentialsOf(environment),
    },
  };
}

/** Keys in the operation's own environment count before the machine's. */
function credentialsOf(environment: Environment): S3ClientConfig {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = environment;
  return accessKeyId && secretAccessKey
    ? { credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) } }
    : {};
}

/**
 * An S3 bucket as a place for states. A log is a row of objects, one for each append, as S3 cannot append: what is acknowledged is there
 * whole. Writes replace an object as a whole.
 */
export async function createS3Bucket(place: S3Place): Promise<Bucket> {
  const s3 = await import('@aws-sdk/client-s3');
  const client = new s3.S3Client({ region: 'us-east-1', ...place.client });
  const Bucket = place.bucket;
  const keyOf = (key: string) => (place.prefix === '' ? key : `${place.prefix}/${key}`);
  const call = <T>(key: string, run: () => Promise<T>) =>
    run().catch((error: unknown) => Promise.reject(asMainstayError(error, `s3://${Bucket}/${keyOf(key)}`)));

  const bucket: Bucket = {
    describe: (key) => `s3://${Bucket}/${keyOf(key)}`,
    read: (key) =>
      call(key, async () => {
        try {
          const { Body } = await client.send(new s3.GetObjectCommand({ Bucket, Key: keyOf(key) }));
          return Buffer.from(await Body!.transformToByteArray());
        } catch (error) {
          if (error instanceof s3.NoSuchKey) return undefined;
          throw error;
        }
      }),
    write: (key, bytes) =>
      call(key, async () => {
        await client.send(
          new s3.PutObjectCommand({
            Bucket,
            Key: keyOf(key),
            Body: typeof bytes === 'string' ? Buffer.from(bytes) : bytes,
          }),
        );
      }),
    delete: (key) =>
      call(key, async () => {
        await client.send(new s3.DeleteObjectCommand({ Bucket, Key: keyOf(key) }));
      }),
    list: (prefix) => call(prefix, () => listAll({ client, Bucket, place }, prefix)),
    openLog: async (key) => {
      const last = (await bucket.list(key)).at(-1)?.key.split('/').at(-1);
      let next = last === undefined ? 0 : Number(last) + 1;
      return {
        async append(text) {
          await bucket.write(`${key}/${String(next).padStart(9, '0')}`, text);
          next += 1;
        },
        close: async () => {},
      };
    },
    readLog: async (key) => {
      const parts = await bucket.list(key);
      if (parts.length === 0) return undefined;
      const texts = await Promise.all(parts.map((part) => bucket.read(part.key)));
      return texts.map((text) => text?.toString('utf8') ?? '').join('');
    },
    deleteLog: async (key) => {
      // From its beginning, so that a crash in between leaves the last entry, which names the checkpoint that holds all of it.
      for (const { key: part } of await bucket.list(key)) await bucket.delete(part);
    },
  };
  return bucket;
}

interface Listing {
  readonly client: S3Client;
  readonly Bucket: string;
  readonly place: S3Place;
}

async function listAll({ client, Bucket, place }: Listing, prefix: string): Promise<readonly BucketEntry[]> {
  const { ListObjectsV2Command } = await import('@aws-sdk/client-s3');
  const base = place.prefix === '' ? '' : `${place.prefix}/`;
  const Prefix = `${base}${prefix.replace(/\/$/, '')}/`;
  const found: BucketEntry[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await client.send(new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken }));
    for (const { Key, LastModified } of page.Contents ?? [])
      if (Key) found.push({ key: Key.slice(base.length), modified: LastModified?.getTime() ?? 0 });
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
}

function asMainstayError(error: unknown, what: string): unknown {
  if (error instanceof MainstayError) return error;
  const status = (error as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata?.httpStatusCode;
  const name = error instanceof Error ? error.name : 'a failure';
  const text = `Cannot use the state backend as S3 answered ${name}: ${messageOf(error)}.`;
  if (status === undefined || status === 429 || status >= 500)
    return new MainstayError('transient', `${text} Check that the endpoint can be reached, and try again.`, {
      place: { file: what },
      cause: error,
    });
  return userError(`${text} Check the bucket, the region and what the credentials may do.`, {
    place: { file: what },
    cause: error,
  });
}
