import { isAbsolute, join } from 'node:path';
import { type Environment, EnvironmentReader } from '../../foundation/environment.ts';
import { isMainstayError, userError } from '../../foundation/errors.ts';
import { findProjectFile, type Project, readProject, stackFilePath } from '../project/project-file.ts';
import { containsSecure, resolveConfig, type StackConfig } from '../project/stack-config.ts';
import { StackFile } from '../project/stack-file.ts';
import { checkSecretsProvider, createSecretsManager, openSecretsManager } from '../secrets/open-secrets-manager.ts';
import { isSalt } from '../secrets/passphrase.ts';
import type { SecretsManager } from '../secrets/secrets-manager.ts';
import { type Backend, type SecretsManagerOpener, type StackIdentity, StackNotFound } from '../state/backend.ts';
import type { EngineServices } from './engine-services.ts';
import { currentBackend, selectedStack } from './pulumi-home.ts';
import { parseStackReference } from './stack-reference.ts';

/** Where a command works: what it needs to find project, backend and stack. */
export interface Workplace {
  readonly directory: string;
  readonly environment: Environment;
  readonly services: EngineServices;
}

/** The project at or above the working directory; undefined if there is none. */
export async function projectIfAny(place: Workplace): Promise<Project | undefined> {
  return findProjectFile(place.directory) === undefined ? undefined : readProject(place.directory);
}

/** PULUMI_BACKEND_URL, then the project's `backend.url`, then the login. Throws a user error if there is none. */
export async function backendUrl(place: Workplace, project: Project | undefined): Promise<string> {
  const url =
    new EnvironmentReader(place.environment).text('PULUMI_BACKEND_URL') ??
    project?.backendUrl ??
    (await currentBackend(place.environment));
  if (url !== undefined) return url;
  throw userError(
    'Cannot find the state backend as none was chosen. Run `pulumi login file://<folder>`, or set PULUMI_BACKEND_URL to such an address.',
  );
}

export async function openProjectBackend(place: Workplace, project: Project | undefined): Promise<Backend> {
  return place.services.backend(await backendUrl(place, project), place);
}

/** A stack that a command works on. */
export interface OpenStack {
  readonly project: Project;
  readonly identity: StackIdentity;
  readonly backend: Backend;
  /** `Pulumi.<stack>.yaml`, or the file of `--config-file`. */
  readonly file: StackFile;
  /** Opens the manager of a state or a stack file; the passphrase comes from the command's environment. */
  readonly openSecrets: SecretsManagerOpener;
}

/** Opens the named stack, or the selected one. Rejects with `StackNotFound` where there is none of the name. */
export async function openStack(
  place: Workplace,
  options: { readonly name?: string; readonly configFile?: string; readonly mustExist?: boolean } = {},
): Promise<OpenStack> {
  const project = await readProject(place.directory);
  const backend = await openProjectBackend(place, project);
  const name = options.name ?? (await selectedStack(place.environment, project, backend.url));
  if (name === undefined || name === '')
    throw userError('no stack selected; please use `pulumi stack select` or `pulumi stack init` to choose one');
  const identity = parseStackReference(name, project.name);
  if (options.mustExist !== false && !(await backend.exists(identity))) throw new StackNotFound(name);
  const file = await StackFile.read(configPath(place, project, { identity, file: options.configFile }), project.name);
  return {
    project,
    identity,
    backend,
    file,
    openSecrets: (type, state) =>
      openSecretsManager(type, state, place.environment).catch(async (error: unknown) => {
        throw await withHalfChange(error, { backend, identity, file });
      }),
  };
}

/** The error, and where state and stack file have different salts what may have led to it. */
async function withHalfChange(
  error: unknown,
  { backend, identity, file }: Pick<OpenStack, 'backend' | 'identity' | 'file'>,
): Promise<unknown> {
  const salt = file.text('encryptionsalt');
  if (!isMainstayError(error, 'user') || !error.message.startsWith('incorrect passphrase') || salt === undefined)
    return error;
  const state = await backend.exportDeployment(identity).catch(() => undefined);
  const provider = state?.deployment.secrets_providers as { readonly state?: { readonly salt?: string } } | undefined;
  const other = provider?.state?.salt;
  if (other === undefined || other === salt) return error;
  return userError(
    `${error.message} The stack’s file and its state have different salts: where a change of the passphrase was cut off, finish it with ` +
      '`pulumi stack change-secrets-provider passphrase`, the old passphrase in PULUMI_CONFIG_PASSPHRASE and the new one on standard input.',
    { cause: error },
  );
}

function configPath(
  place: Workplace,
  project: Project,
  { identity, file }: { readonly identity: StackIdentity; readonly file: string | undefined },
): string {
  if (file === undefined) return stackFilePath(project, identity.stack);
  return isAbsolute(file) ? file : join(place.directory, file);
}

/** The manager that the stack file names; undefined if it names none yet. */
export async function existingSecrets(stack: OpenStack): Promise<SecretsManager | undefined> {
  const { file } = stack;
  checkSecretsProvider(file.text('secretsprovider'), file.place(['secretsprovider']));
  const salt = file.text('encryptionsalt');
  if (salt === undefined) return undefined;
  if (!isSalt(salt))
    throw userError('Cannot read encryptionsalt as it is malformed. Restore it from the history of the file.', {
      place: file.place(['encryptionsalt']),
    });
  return stack.openSecrets('passphrase', { salt });
}

/**
 * The manager that the stack file names, or a new one, whose salt is then saved in the stack file (as the official CLI does when a stack
 * gets its first secret).
 */
export async function ensureSecrets(stack: OpenStack, environment: Environment): Promise<SecretsManager> {
  const existing = await existingSecrets(stack);
  if (existing) return existing;
  const manager = await createSecretsManager(stack.file.text('secretsprovider') ?? '', environment);
  stack.file.setText('encryptionsalt', String(manager.state.salt));
  await stack.file.save();
  return manager;
}

/** The stack's settings, decrypted. Needs no passphrase where no value is secret. */
export async function readStackConfig(stack: OpenStack): Promise<StackConfig> {
  if (stack.file.environments.length > 0) {
    throw userError(
      `Cannot use the stack's settings as they import ESC environments, which need Pulumi Cloud: ${stack.file.environments.join(', ')}. Use the official Pulumi CLI for this stack.`,
      { place: stack.file.place(['environment']) },
    );
  }
  const secret = [...stack.file.config().values()].some(containsSecure);
  const manager = secret ? await existingSecrets(stack) : undefined;
  if (secret && !manager) {
    throw userError(
      'Cannot decrypt the stack’s settings as they name no encryptionsalt. Restore it from the history of the file.',
      { place: { file: stack.file.path } },
    );
  }
  return resolveConfig(stack.project, stack.file, (text) => manager!.decrypt(text));
}
