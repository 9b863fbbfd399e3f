import type { Environment } from '../../foundation/environment.ts';

/** What belongs to the engine and must not reach a provider: a provider is given its configuration, not the keys to all of it. */
const withheld: readonly string[] = ['PULUMI_CONFIG_PASSPHRASE', 'PULUMI_CONFIG_PASSPHRASE_FILE', 'PULUMI_BACKEND_URL'];

/** Settings of ours that are meant for a provider. */
const forProviders: readonly string[] = ['MAINSTAY_SANDBOX'];

/**
 * The environment of a plugin process. Providers find their credentials under any name (AWS_*, KUBECONFIG, ARM_*, ...), so it is
 * everything but the engine's own secrets; Pulumi's access token goes to the one provider that manages Pulumi Cloud. `additions` win.
 */
export function pluginEnvironment(
  environment: Environment,
  packageName: string,
  additions: Readonly<Record<string, string>>,
): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || withheld.includes(name)) continue;
    if (name.startsWith('MAINSTAY_') && !forProviders.includes(name)) continue;
    if (name === 'PULUMI_ACCESS_TOKEN' && packageName !== 'pulumiservice') continue;
    result[name] = value;
  }
  return { ...result, ...additions };
}
