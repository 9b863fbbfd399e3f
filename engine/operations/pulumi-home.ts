import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Environment, EnvironmentReader } from '../../foundation/environment.ts';
import { messageOf, systemCode, userError } from '../../foundation/errors.ts';
import { writeWhole } from '../../foundation/write-whole.ts';
import { pulumiHome } from '../plugins/find-plugin.ts';
import type { Project } from '../project/project-file.ts';

/** The backend that `pulumi login` chose, and what else the official CLI keeps in `credentials.json`. */
interface Credentials {
  readonly current?: string;
  readonly accessTokens?: Readonly<Record<string, string>>;
  readonly accounts?: Readonly<Record<string, unknown>>;
}

const credentialsFile = (environment: Environment) => join(pulumiHome(environment), 'credentials.json');

/** The backend that was logged in to; undefined if none. */
export async function currentBackend(environment: Environment): Promise<string | undefined> {
  return (await readJson<Credentials>(credentialsFile(environment)))?.current || undefined;
}

/** Remembers a login. Tokens of other backends stay as they are. */
export async function rememberBackend(environment: Environment, url: string): Promise<void> {
  const file = credentialsFile(environment);
  const old = (await readJson<Credentials>(file)) ?? {};
  await writeJson(file, {
    ...old,
    current: url,
    accessTokens: { ...old.accessTokens, [url]: old.accessTokens?.[url] ?? '' },
    accounts: { ...old.accounts, [url]: old.accounts?.[url] ?? { lastValidatedAt: '0001-01-01T00:00:00Z' } },
  });
}

/** Forgets a login, `undefined` for all. */
export async function forgetBackend(environment: Environment, url: string | undefined): Promise<void> {
  const file = credentialsFile(environment);
  const old = (await readJson<Credentials>(file)) ?? {};
  if (url === undefined) return writeJson(file, {});
  const without = <T>(map: Readonly<Record<string, T>> | undefined) =>
    Object.fromEntries(Object.entries(map ?? {}).filter(([key]) => key !== url));
  const current = old.current === url ? undefined : old.current;
  await writeJson(file, { ...old, current, accessTokens: without(old.accessTokens), accounts: without(old.accounts) });
}

/** The official workspace file: `stacks` by backend, and the older `stack` for any (pkg/workspace/settings.go). */
interface WorkspaceSettings {
  readonly stack?: string;
  readonly stacks?: Readonly<Record<string, string>>;
}

/** Named by the project and a hash of where its file is, as the official CLI finds it (pkg/workspace/workspace.go). */
function workspaceFile(environment: Environment, project: Project): string {
  const hash = createHash('sha1').update(project.file).digest('hex');
  return join(pulumiHome(environment), 'workspaces', `${project.name}-${hash}-workspace.json`);
}

/** The selected stack of a project on a backend: PULUMI_STACK, or what `stack select` remembered. */
export async function selectedStack(
  environment: Environment,
  project: Project,
  backendUrl: string,
): Promise<string | undefined> {
  const given = new EnvironmentReader(environment).text('PULUMI_STACK');
  if (given !== undefined) return given;
  const settings = await readJson<WorkspaceSettings>(workspaceFile(environment, project));
  return settings?.stacks?.[backendUrl] || settings?.stack || undefined;
}

/** Remembers the selected stack (its full name), or forgets it. */
export async function selectStack(
  environment: Environment,
  project: Project,
  selection: { readonly backendUrl: string; readonly stack: string | undefined },
): Promise<void> {
  const file = workspaceFile(environment, project);
  const settings = (await readJson<WorkspaceSettings>(file)) ?? {};
  const { [selection.backendUrl]: _, ...others } = settings.stacks ?? {};
  const stacks = selection.stack === undefined ? others : { ...others, [selection.backendUrl]: selection.stack };
  await writeJson(file, { ...settings, stack: undefined, stacks });
}

async function readJson<T>(file: string): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw userError(
      `Cannot read Pulumi's settings: ${messageOf(error)}. Correct PULUMI_HOME or the file's permissions.`,
      { place: { file }, cause: error },
    );
  }
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw userError(`Cannot read Pulumi's settings as they are not JSON: ${messageOf(error)}. Delete the file.`, {
      place: { file },
      cause: error,
    });
  }
}

/** Two commands at once never leave half of a file. */
async function writeJson(file: string, content: unknown): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeWhole(file, JSON.stringify(content, undefined, 4), { mode: 0o600 }).catch((cause: unknown) => {
    throw userError(
      `Cannot keep Pulumi's settings: ${messageOf(cause)}. Correct PULUMI_HOME or the folder's permissions.`,
      {
        place: { file },
        cause,
      },
    );
  });
}
