import picomatch from 'picomatch';
import type { Environment } from '../../foundation/environment.ts';
import { userError } from '../../foundation/errors.ts';
import type { StackWork } from './engine.ts';

/** What every program may see of our environment. Everything else, above all our own secrets, stays with us. */
const ALWAYS = [
  'PATH',
  'HOME',
  'USER',
  'TMPDIR',
  'TZ',
  'LANG',
  'LC_*',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
];

/** Variables that stacks can be given, by name: secrets are read already, and known to the redactor. */
export interface Credentials {
  readonly name: string;
  /** The repositories whose stacks may name them; undefined: all. */
  readonly repositories?: readonly string[] | undefined;
  readonly variables: Readonly<Record<string, string>>;
}

/** What an engine and its programs get. */
export interface EngineSettings {
  /** Where state is: `file://…`, `s3://…`. */
  readonly backendUrl: string;
  readonly pulumiHome: string;
  /** Decrypts the secrets of stacks with the passphrase provider. */
  readonly passphrase: string | undefined;
  /** Names, with `*`, of further variables that programs and providers may see. */
  readonly passed: readonly string[];
  /** What settings of stacks may name. Default: none. */
  readonly credentials?: readonly Credentials[];
}

/**
 * The whole environment of one operation: what every program sees, what the stack's settings let through of what is passed, its credentials, and the backend.
 * Throws a user error where the settings name credentials that the runner does not have for this repository.
 */
export function engineEnvironment(
  settings: EngineSettings,
  own: Environment,
  work: Pick<StackWork, 'repository' | 'stack' | 'access' | 'limits'>,
): Readonly<Record<string, string>> {
  const { access = {}, limits } = work;
  const wanted = access.environment ?? (access.credentials === undefined ? ['*'] : []);
  return {
    ...programEnvironment(settings, own, wanted),
    ...(access.credentials !== undefined && credentialsOf(settings, work, access.credentials)),
    PULUMI_HOME: settings.pulumiHome,
    PULUMI_BACKEND_URL: settings.backendUrl,
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    PULUMI_NODEJS_TRANSPILE_ONLY: 'true',
    ...(settings.passphrase !== undefined && { PULUMI_CONFIG_PASSPHRASE: settings.passphrase }),
    ...(limits && {
      MAINSTAY_PROGRAM_MEMORY: String(limits.memory),
      MAINSTAY_PROGRAM_OUTPUT: String(limits.output),
    }),
  };
}

function credentialsOf(
  { credentials = [] }: EngineSettings,
  { repository, stack }: Pick<StackWork, 'repository' | 'stack'>,
  name: string,
): Readonly<Record<string, string>> {
  const found = credentials.find((each) => each.name === name);
  if (found && (found.repositories?.includes(repository) ?? true)) return found.variables;
  const why = found ? `are not for the repository ${repository}` : `are not in the runner's own file`;
  throw userError(
    `Cannot run ${stack} as the credentials that its settings name ${why}: ${name}. Add them there, or correct mainstay.yaml on the base branch.`,
  );
}

/** What commands of a repository may see: the allow-list, of what is passed only what is `wanted`, and nothing of the backend. */
export function programEnvironment(
  { passed }: Pick<EngineSettings, 'passed'>,
  own: Environment,
  wanted: readonly string[] = ['*'],
): Readonly<Record<string, string>> {
  const [always, allowed, isWanted] = [picomatch(ALWAYS), picomatch([...passed]), picomatch([...wanted])];
  return Object.fromEntries(
    Object.entries(own).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && (always(entry[0]) || (allowed(entry[0]) && isWanted(entry[0]))),
    ),
  );
}
