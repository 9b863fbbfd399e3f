import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type Environment, EnvironmentReader } from '../../foundation/environment.ts';
import { messageOf, userError } from '../../foundation/errors.ts';
import { redactor } from '../../foundation/redact.ts';

/** One plugin of one version. */
export interface PluginIdentity {
  readonly kind: string;
  readonly name: string;
  readonly version: string;
}

export interface PluginDownload {
  readonly plugin: PluginIdentity;
  /** As `--server` and `pluginDownloadURL` have it: http or https, with `${NAME}`, `${VERSION}`, `${OS}` and `${ARCH}`. */
  readonly server: string;
  /** The archive is written here. */
  readonly file: string;
  /** SHA-256 of the archive in hexadecimal digits. Default: not compared. */
  readonly checksum?: string;
  readonly signal: AbortSignal;
  /** Called with the bytes so far and the size, if the server tells it. */
  readonly progress?: (received: number, size: number | undefined) => void;
  /** Between two tries, in milliseconds. Default: one second, then three. */
  readonly pauses?: readonly number[];
}

/** As Go names them, in the names of the archives. */
const systems: Readonly<Partial<Record<NodeJS.Platform, string>>> = { win32: 'windows' };
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** `os-arch` of this machine. */
function platform(): { readonly os: string; readonly arch: string } {
  return {
    os: systems[process.platform] ?? process.platform,
    arch: architectures[process.arch] ?? process.arch,
  };
}

/**
 * Where the archive of a plugin is below a server (httpSource in sdk/go/common/workspace/plugins.go). User and password of the address go
 * into a header, and are kept out of messages. Throws a user error for an address that is none, or of another scheme.
 */
export function archiveAddress(server: string, { kind, name, version }: PluginIdentity) {
  const { os, arch } = platform();
  const values: Readonly<Record<string, string>> = { NAME: name, VERSION: version, OS: os, ARCH: arch };
  const filled = server.replace(/\$\{([A-Z]+)\}/g, (all, key: string) =>
    Object.hasOwn(values, key) ? encodeURIComponent(values[key]!) : all,
  );
  const url = URL.parse(`${filled.replace(/\/$/, '')}/pulumi-${kind}-${name}-v${version}-${os}-${arch}.tar.gz`);
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw userError(
      `Cannot download the plugin as its server is no http or https address: ${server}. ` +
        'Correct it, or install the plugin from a file with `pulumi plugin install --file`.',
    );
  const { username, password } = url;
  if (password !== '') redactor.add(decodeURIComponent(password));
  url.username = '';
  url.password = '';
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const authorization = username === '' ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`;
  return { url: url.href, authorization };
}

/**
 * Downloads the archive of a plugin and compares its checksum. Tries again what may only be for now. Throws a user error, with nothing that would be used
 * left behind.
 */
export async function downloadPlugin(download: PluginDownload): Promise<void> {
  const address = archiveAddress(download.server, download.plugin);
  const pauses = download.pauses ?? [1000, 3000];
  for (let attempt = 0; ; attempt += 1) {
    try {
      await receive(download, address);
      return;
    } catch (error) {
      download.signal.throwIfAborted();
      const pause = pauses[attempt];
      if (pause === undefined || error instanceof FinalFailure)
        throw userError(
          `Cannot download the plugin as ${reasonOf(error)}: ${address.url}. Correct --server, name or version, or try again.`,
          { cause: error },
        );
      await delay(pause, undefined, { signal: download.signal });
    }
  }
}

/** Trying again would not help. */
class FinalFailure extends Error {}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : undefined;
  return cause ? `${messageOf(error)} (${cause.message})` : messageOf(error);
}

async function receive(
  { file, checksum, signal, progress }: PluginDownload,
  { url, authorization }: ReturnType<typeof archiveAddress>,
): Promise<void> {
  const response = await fetch(url, { signal, headers: authorization === undefined ? {} : { authorization } });
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    const answer = `the server answers ${response.status} ${response.statusText}`.trim();
    const mayPass = response.status >= 500 || response.status === 429 || response.status === 408;
    throw mayPass ? new Error(answer) : new FinalFailure(answer);
  }
  const size = Number(response.headers.get('content-length')) || undefined;
  const hash = createHash('sha256');
  let received = 0;
  const watched = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      received += chunk.length;
      progress?.(received, size);
      done(null, chunk);
    },
  });
  await pipeline(Readable.fromWeb(response.body), watched, createWriteStream(file, { mode: 0o600 }), { signal });
  const found = hash.digest('hex');
  if (checksum !== undefined && found !== checksum.toLowerCase())
    throw new FinalFailure(
      `the checksum of the archive is another one (expected ${checksum.toLowerCase()}, found ${found})`,
    );
}

/**
 * The server that PULUMI_PLUGIN_DOWNLOAD_URL_OVERRIDES has for what would be loaded from `addresses`: pairs `regexp=URL`, separated by commas; groups of the expression
 * stand in the URL as `$1` and `${name}`. Throws a user error for an expression that is none.
 */
export function overriddenServer(addresses: readonly string[], environment: Environment): string | undefined {
  const setting = new EnvironmentReader(environment).text('PULUMI_PLUGIN_DOWNLOAD_URL_OVERRIDES', '');
  for (const pair of setting.split(',').filter(Boolean)) {
    const cut = pair.indexOf('=');
    const expression = cut > 0 ? compiled(pair.slice(0, cut)) : undefined;
    if (expression === undefined || cut === pair.length - 1)
      throw userError(
        `Cannot use PULUMI_PLUGIN_DOWNLOAD_URL_OVERRIDES as a part of it is no regexp=URL: ${pair}. Correct it.`,
      );
    const match = addresses.map((address) => expression.exec(address)).find((found) => found !== null);
    if (match) return substituted(pair.slice(cut + 1), match);
  }
  return undefined;
}

/** Go writes named groups as `(?P<name>`. */
function compiled(expression: string): RegExp | undefined {
  try {
    return new RegExp(expression.replaceAll('(?P<', '(?<'));
  } catch {
    return undefined;
  }
}

function substituted(url: string, match: RegExpExecArray): string {
  const numbered = match.reduce((text, value, index) => text.replaceAll(`$${index}`, value ?? ''), url);
  return Object.entries(match.groups ?? {}).reduce(
    (text, [name, value]) => text.replaceAll(`\${${name}}`, value ?? ''),
    numbered,
  );
}

/** Where the official CLI looks for plugins that name no address of their own. */
export function officialAddresses({ name }: PluginIdentity): readonly string[] {
  return [`github://api.github.com/pulumi/pulumi-${name}`, 'https://get.pulumi.com/releases/plugins'];
}
