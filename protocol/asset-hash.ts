import { createHash, type Hash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf, userError } from '../foundation/errors.ts';
import {
  Archive,
  Asset,
  isPropertyArray,
  isPropertyMap,
  Output,
  type PropertyMap,
  type PropertyValue,
  Secret,
} from './property-value.ts';

/**
 * Fills in the hashes of all assets and archives in the properties, reading them relative to `directory` (sdk/go/common/resource/asset and archive): an
 * asset's is the SHA-256 of its content, an archive file's that of the file, and that of anything else the one of a tar made of its files. Gives the
 * same object where there are none. Rejects with a user error where something cannot be read.
 */
export async function hashAssets(properties: PropertyMap, directory: string): Promise<PropertyMap> {
  return hasUnhashed(properties) ? ((await hashValue(properties, directory)) as PropertyMap) : properties;
}

function hasUnhashed(value: PropertyValue | undefined): boolean {
  if (value instanceof Asset || value instanceof Archive) return value.hash === '';
  if (value instanceof Secret || value instanceof Output) return hasUnhashed(value.value);
  if (isPropertyArray(value)) return value.some(hasUnhashed);
  return isPropertyMap(value) && Object.values(value).some(hasUnhashed);
}

async function hashValue(value: PropertyValue, directory: string): Promise<PropertyValue> {
  if (value instanceof Asset)
    return value.hash === '' ? new Asset(value.source, sha256(await readAsset(value, directory))) : value;
  if (value instanceof Archive)
    return value.hash === '' ? new Archive(value.source, await hashArchive(value, directory)) : value;
  if (value instanceof Secret) return new Secret(await hashValue(value.value, directory));
  if (value instanceof Output) {
    const inner = value.value === undefined ? undefined : await hashValue(value.value, directory);
    return new Output(inner, value.secret, value.dependencies);
  }
  if (isPropertyArray(value)) return Promise.all(value.map((item) => hashValue(item, directory)));
  if (!isPropertyMap(value)) return value;
  const entries = await Promise.all(
    Object.entries(value).map(async ([key, item]) => [key, await hashValue(item, directory)] as const),
  );
  return Object.fromEntries(entries);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function readAsset({ source }: Asset, directory: string): Promise<Buffer> {
  if (!source) throw userError('Cannot read an asset as it has no content. Give it text, a path or a file URI.');
  if ('text' in source) return Buffer.from(source.text, 'utf8');
  return readSource('path' in source ? resolvePath(source.path, directory) : pathOfUri(source.uri));
}

function resolvePath(path: string, directory: string): string {
  return isAbsolute(path) ? path : join(directory, path);
}

/** Remote content is not fetched here: an engine that downloads for a program is a way into a closed network. */
function pathOfUri(uri: string): string {
  if (uri.startsWith('file://')) return fileURLToPath(uri);
  throw userError(
    `Cannot read a remote asset as the embedded engine reads only files: ${JSON.stringify(uri)}. Download it in your program, or use the official pulumi CLI.`,
  );
}

async function readSource(path: string): Promise<Buffer> {
  return readFile(path).catch((cause: unknown) => {
    throw userError(`Cannot read the asset: ${messageOf(cause)}. Check its path.`, { place: { file: path }, cause });
  });
}

const ARCHIVE_FILE = /\.(tar|tgz|tar\.gz|zip|jar)$/i;

async function hashArchive(archive: Archive, directory: string): Promise<string> {
  const { source } = archive;
  if (source && !('assets' in source)) {
    const path = 'path' in source ? resolvePath(source.path, directory) : pathOfUri(source.uri);
    if (ARCHIVE_FILE.test(path)) return sha256(await readSource(path));
  }
  const hash = createHash('sha256');
  const seen = new Set<string>();
  for await (const file of archiveFiles(archive, directory)) {
    if (seen.has(file.name)) continue;
    seen.add(file.name);
    addToTar(hash, file.name, await file.read());
  }
  return hash.update(Buffer.alloc(2 * BLOCK)).digest('hex');
}

interface ArchiveFile {
  readonly name: string;
  readonly read: () => Promise<Buffer>;
}

async function* archiveFiles({ source }: Archive, directory: string): AsyncGenerator<ArchiveFile> {
  if (!source) throw userError('Cannot read an archive as it has no content. Give it assets or a path.');
  if (!('assets' in source)) {
    const path = 'path' in source ? resolvePath(source.path, directory) : pathOfUri(source.uri);
    if (ARCHIVE_FILE.test(path)) {
      throw userError(
        `Cannot hash an archive as it holds another one that is a file, which the embedded engine does not unpack: ${JSON.stringify(path)}. Unpack it and give its folder, or use the official pulumi CLI for this stack.`,
      );
    }
    yield* folderFiles(path, '');
    return;
  }
  for (const [name, part] of Object.entries(source.assets).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (part instanceof Asset) yield { name, read: () => readAsset(part, directory) };
    else
      for await (const file of archiveFiles(part, directory))
        yield { ...file, name: `${name.replace(/\/$/, '')}/${file.name}` };
  }
}

/** Depth first, names in the order of their bytes, as Go's filepath.Walk gives them. Links are followed. */
async function* folderFiles(folder: string, prefix: string): AsyncGenerator<ArchiveFile> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw userError(
      `Cannot read the archive: ${messageOf(cause)}. Give a folder, or a .tar, .tgz, .zip or .jar file.`,
      { place: { file: folder }, cause },
    );
  });
  for (const name of names.sort()) {
    const path = join(folder, name);
    if ((await stat(path)).isDirectory()) yield* folderFiles(path, `${prefix}${name}/`);
    else yield { name: `${prefix}${name}`, read: () => readSource(path) };
  }
}

const BLOCK = 512;

/** One file as Go's archive/tar writes it with a name, a size and mode 0600. */
function addToTar(hash: Hash, name: string, content: Buffer): void {
  hash
    .update(tarHeader(name, content.length))
    .update(content)
    .update(Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK));
}

function tarHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  const [short, prefix] = splitName(name);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`;
  header.write(short, 0);
  header.write(octal(0o600, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(size, 11), 124);
  header.write(octal(0, 11), 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257, 'latin1');
  header.write(octal(0, 7), 329);
  header.write(octal(0, 7), 337);
  header.write(prefix, 345);
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  header.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** Names over 100 bytes go into two fields, cut at a slash. Longer ones, and those outside of ASCII, need a form that we do not write. */
function splitName(name: string): readonly [name: string, prefix: string] {
  const ascii = /^[\x20-\x7e]*$/.test(name);
  if (ascii && name.length <= 100) return [name, ''];
  const cut = name.lastIndexOf('/', 155);
  if (ascii && cut > 0 && name.length - cut - 1 <= 100) return [name.slice(cut + 1), name.slice(0, cut)];
  throw userError(
    `Cannot hash an archive as a file name in it is too long or not ASCII: ${JSON.stringify(name)}. Use the official pulumi CLI for this stack.`,
  );
}
