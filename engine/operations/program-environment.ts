import type { Environment } from '../../foundation/environment.ts';

/** The keys to all secrets and to the state are the engine's: the program gets its configuration by the protocol. */
export function programEnvironment(environment: Environment): Readonly<Record<string, string>> {
  const withheld = [
    'PULUMI_CONFIG_PASSPHRASE',
    'PULUMI_CONFIG_PASSPHRASE_FILE',
    'PULUMI_ACCESS_TOKEN',
    'PULUMI_BACKEND_URL',
  ];
  const entries = Object.entries(environment).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !withheld.includes(entry[0]) && !entry[0].startsWith('MAINSTAY_'),
  );
  return Object.fromEntries(entries);
}
