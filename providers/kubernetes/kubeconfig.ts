import { existsSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { parse } from 'yaml';
import type { Environment } from '../../foundation/environment.ts';
import { messageOf, userError } from '../../foundation/errors.ts';
import {
  fieldsAt,
  isFields,
  type KubeFields,
  type KubeValue,
  listAt,
  textAt,
  valueAt,
  withoutValueAt,
  withValueAt,
} from './object.ts';

/** A kubeconfig, as its YAML has it. */
export interface Kubeconfig {
  /** Where it comes from, for messages: a path, or `the setting kubeconfig`. */
  readonly origin: string;
  readonly content: KubeFields;
}

/** Which part of a kubeconfig is used. */
export interface KubeconfigChoice {
  readonly context?: string | undefined;
  readonly cluster?: string | undefined;
}

/** Reads a kubeconfig that is given as content or as a path (with `~`). Throws a user error that names what is wrong. */
export function readKubeconfig(pathOrContent: string): Kubeconfig {
  const path = expandHome(pathOrContent);
  if (isFile(path)) return parseKubeconfig(readFileSync(path, 'utf8'), path);
  const looksLikePath = !/[\n{:]/.test(pathOrContent);
  if (looksLikePath)
    throw userError(
      `Cannot read the kubeconfig as there is no such file: ${pathOrContent}. Give a path that exists, or the content.`,
    );
  return parseKubeconfig(pathOrContent, 'the setting kubeconfig');
}

/**
 * The kubeconfig that kubectl would use: the files of `KUBECONFIG` merged (the first that names a thing wins), else
 * `~/.kube/config`; undefined where there is none.
 */
export function readAmbientKubeconfig(environment: Environment): Kubeconfig | undefined {
  const home = environment.HOME || homedir();
  const named = (environment.KUBECONFIG ?? '').split(delimiter).filter((path) => path !== '');
  const paths = named.length > 0 ? named : [join(home, '.kube', 'config')];
  const found = paths.filter(isFile).map((path) => parseKubeconfig(readFileSync(path, 'utf8'), path));
  if (found.length === 0 && named.length > 0)
    throw userError(
      `Cannot read the kubeconfig as no file of KUBECONFIG exists: ${named.join(delimiter)}. Correct or unset it.`,
    );
  return found.length === 0 ? undefined : found.reduce(mergeKubeconfigs);
}

function isFile(path: string): boolean {
  return path.length < 4096 && existsSync(path) && !statSync(path).isDirectory();
}

function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}

function parseKubeconfig(text: string, origin: string): Kubeconfig {
  let content: unknown;
  try {
    content = parse(text);
  } catch (error) {
    throw userError(
      `Cannot read the kubeconfig as it is no YAML: ${origin}: ${firstLine(messageOf(error))}. Correct it.`,
    );
  }
  if (!isFields(content as KubeValue) || !Array.isArray((content as { clusters?: unknown }).clusters ?? []))
    throw userError(
      `Cannot read the kubeconfig as it is not one (an object with clusters, users and contexts): ${origin}. Correct it.`,
    );
  return {
    origin,
    content: isAbsolute(origin) ? withAbsolutePaths(content as KubeFields, dirname(origin)) : (content as KubeFields),
  };
}

/** The entries that name files, by list; relative ones are meant from the kubeconfig's folder. */
const FILES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  clusters: [['cluster', 'certificate-authority']],
  users: [
    ['user', 'client-certificate'],
    ['user', 'client-key'],
    ['user', 'tokenFile'],
    ['user', 'auth-provider', 'config', 'idp-certificate-authority'],
    ['user', 'exec', 'command'],
  ],
};

function withAbsolutePaths(content: KubeFields, folder: string): KubeFields {
  const lists = Object.entries(FILES).map(([list, paths]) => {
    const items = listAt(content, list).map((item) =>
      isFields(item) ? paths.reduce((entry, path) => withAbsolutePath(entry, path, folder), item) : item,
    );
    return [list, items] as const;
  });
  return { ...content, ...Object.fromEntries(lists) };
}

function withAbsolutePath(entry: KubeFields, path: readonly string[], folder: string): KubeFields {
  const file = textAt(entry, ...path);
  // A command without a slash is looked for on PATH.
  const asItIs = file === '' || isAbsolute(file) || (path.at(-1) === 'command' && !file.includes('/'));
  return asItIs ? entry : withValueAt(entry, path, resolve(folder, file));
}

/** Without the credential plugins and OIDC logins of users, which are done by ourselves. */
export function withoutProviders(content: KubeFields): KubeFields {
  const users = listAt(content, 'users').map((item) => {
    if (!isFields(item)) return item;
    const { exec: _exec, ...user } = fieldsAt(item, 'user');
    const isOidc = textAt(user, 'auth-provider', 'name') === 'oidc';
    return { ...item, user: isOidc ? withoutValueAt(user, ['auth-provider']) : user };
  });
  return { ...content, users };
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!;
}

function mergeKubeconfigs(first: Kubeconfig, second: Kubeconfig): Kubeconfig {
  const merged: Record<string, KubeValue> = { ...second.content, ...first.content };
  for (const list of ['clusters', 'users', 'contexts']) {
    const known = new Set(listAt(first.content, list).map((item) => textAt(item, 'name')));
    const added = listAt(second.content, list).filter((item) => !known.has(textAt(item, 'name')));
    merged[list] = [...listAt(first.content, list), ...added];
  }
  return { origin: `${first.origin}${delimiter}${second.origin}`, content: merged };
}

/** The context that is used: undefined where none is chosen. Throws a user error where the chosen one does not exist. */
export function activeContext(kubeconfig: Kubeconfig, choice: KubeconfigChoice): KubeFields | undefined {
  const name = choice.context ?? textAt(kubeconfig.content, 'current-context');
  if (name === '') return undefined;
  const context = named(kubeconfig, 'contexts', name);
  if (!context)
    throw userError(
      `Cannot use the kubeconfig as it has no context of this name: ${JSON.stringify(name)} (${kubeconfig.origin}; there are: ` +
        `${names(kubeconfig, 'contexts')}). Correct kubernetes:context or the current-context.`,
    );
  const inner = valueAt(context, 'context');
  return isFields(inner) ? inner : {};
}

/** The cluster that is used (its `server`, certificates, ...), which is what identifies it; undefined where the file does not say. */
export function activeCluster(kubeconfig: Kubeconfig, choice: KubeconfigChoice): KubeFields | undefined {
  const contextName = choice.context ?? textAt(kubeconfig.content, 'current-context');
  const context = valueAt(named(kubeconfig, 'contexts', contextName), 'context');
  const name = choice.cluster ?? textAt(context, 'cluster');
  const cluster = valueAt(named(kubeconfig, 'clusters', name), 'cluster');
  return isFields(cluster) ? cluster : undefined;
}

/** The user that is used (its token, certificates, plugin, ...); undefined where the file does not say. */
export function activeUser(kubeconfig: Kubeconfig, choice: KubeconfigChoice): KubeFields | undefined {
  const contextName = choice.context ?? textAt(kubeconfig.content, 'current-context');
  const context = valueAt(named(kubeconfig, 'contexts', contextName), 'context');
  const user = valueAt(named(kubeconfig, 'users', textAt(context, 'user')), 'user');
  return isFields(user) ? user : undefined;
}

function named(kubeconfig: Kubeconfig, list: string, name: string): KubeFields | undefined {
  return listAt(kubeconfig.content, list)
    .filter(isFields)
    .find((item) => textAt(item, 'name') === name);
}

function names(kubeconfig: Kubeconfig, list: string): string {
  return (
    listAt(kubeconfig.content, list)
      .map((item) => JSON.stringify(textAt(item, 'name')))
      .join(', ') || 'none'
  );
}
