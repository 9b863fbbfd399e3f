import picomatch from 'picomatch';
import type { Environment } from '../../foundation/environment.ts';

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

/** What an engine and its programs get. */
export interface EngineSettings {
  /** Where state is: `file://…`, `s3://…`. */
  readonly backendUrl: string;
  readonly pulumiHome: string;
  /** Decrypts the secrets of stacks with the passphrase provider. */
  readonly passphrase: string | undefined;
  /** Names, with `*`, of further variables that programs and providers may see. */
  readonly passed: readonly string[];
}

/** The whole environment of an engine's commands: an allow-list, and the backend. */
export function engineEnvironment(settings: EngineSettings, own: Environment): Readonly<Record<string, string>> {
  return {
    ...programEnvironment(settings, own),
    PULUMI_HOME: settings.pulumiHome,
    PULUMI_BACKEND_URL: settings.backendUrl,
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    PULUMI_NODEJS_TRANSPILE_ONLY: 'true',
    ...(settings.passphrase !== undefined && { PULUMI_CONFIG_PASSPHRASE: settings.passphrase }),
  };
}

/** What commands of a repository may see: the allow-list, and nothing of the backend. */
export function programEnvironment(
  { passed }: Pick<EngineSettings, 'passed'>,
  own: Environment,
): Readonly<Record<string, string>> {
  const allowed = picomatch([...ALWAYS, ...passed]);
  return Object.fromEntries(
    Object.entries(own).filter((entry): entry is [string, string] => entry[1] !== undefined && allowed(entry[0])),
  );
}
