import type { AwsCredentialIdentityProvider } from '@aws-sdk/types';
import { type Environment, EnvironmentReader } from '../../foundation/environment.ts';
import type { CheckFailure } from '../../protocol/provider.ts';
import type { ServiceName } from './clients.ts';
import type { Plain, PlainMap } from './definition.ts';

/** The provider's settings, read: what https://www.pulumi.com/registry/packages/aws/installation-configuration documents. */
export interface AwsConfiguration {
  readonly region: string;
  /** Undefined: the SDK's standard chain (environment, shared files, web identity, container, instance). */
  readonly credentials: AwsCredentialIdentityProvider | undefined;
  readonly endpoints: Partial<Readonly<Record<ServiceName, string>>>;
  readonly defaultTags: Readonly<Record<string, string>>;
  readonly ignoreTags: { readonly keys: readonly string[]; readonly keyPrefixes: readonly string[] };
  readonly allowedAccountIds: readonly string[];
  readonly forbiddenAccountIds: readonly string[];
  readonly maxAttempts: number;
  readonly skipCredentialsValidation: boolean;
}

/** Settings that we act on. Any other key of the official provider is refused by name, not ignored. */
const KNOWN_KEYS = new Set([
  ...[
    'accessKey',
    'allowedAccountIds',
    'assumeRoles',
    'assumeRoleWithWebIdentity',
    'defaultTags',
    'endpoints',
    'forbiddenAccountIds',
  ],
  ...[
    'ignoreTags',
    'maxRetries',
    'profile',
    'region',

    'secretKey',
    'sharedConfigFiles',
    'sharedCredentialsFiles',
  ],
  ...[
    'skipCredentialsValidation',
    'skipMetadataApiCheck',
    'skipRegionValidation',
    'skipRequestingAccountId',
    'token',
    'version',
  ],
]);

/** Names of services in `endpoints` that differ from ours. */
const ENDPOINT_NAMES: Readonly<Record<string, ServiceName>> = { cloudwatchlogs: 'logs', cloudwatchlog: 'logs' };

/** What is wrong with the provider's inputs: unknown keys, missing region, half credentials. */
export function checkConfiguration(inputs: PlainMap, environment: Environment): readonly CheckFailure[] {
  const settings = decodeSettings(inputs);
  const unknown = Object.keys(settings).filter((key) => !KNOWN_KEYS.has(key) && !key.startsWith('__'));
  const failures = unknown.map((property) => ({
    property,
    reason: `this provider does not know the setting "${property}". Use the official aws plugin for it, or take it out.`,
  }));
  const halfKey = (settings.accessKey === undefined) !== (settings.secretKey === undefined);
  if (halfKey)
    failures.push({ property: 'accessKey', reason: 'accessKey and secretKey are given together or not at all.' });
  if (regionOf(settings, environment) === undefined && settings.profile === undefined)
    failures.push({ property: 'region', reason: NO_REGION });
  return failures;
}

const NO_REGION = 'no region is set. Run `pulumi config set aws:region <region>` or set AWS_REGION.';

/** Reads checked inputs. Throws nothing but what the credential packages throw when they are loaded. */
export async function readConfiguration(inputs: PlainMap, environment: Environment): Promise<AwsConfiguration> {
  const settings = decodeSettings(inputs);
  const ignored = asMap(settings.ignoreTags);
  return {
    region: regionOf(settings, environment) ?? '',
    credentials: await credentialsOf(settings),
    endpoints: endpointsOf(settings.endpoints),
    defaultTags: asTexts(asMap(settings.defaultTags).tags),
    ignoreTags: { keys: asList(ignored.keys), keyPrefixes: asList(ignored.keyPrefixes) },
    allowedAccountIds: asList(settings.allowedAccountIds),
    forbiddenAccountIds: asList(settings.forbiddenAccountIds),
    maxAttempts: typeof settings.maxRetries === 'number' ? settings.maxRetries + 1 : 8,
    skipCredentialsValidation: settings.skipCredentialsValidation === true,
  };
}

/** Provider inputs carry lists, maps and booleans as JSON text (the SDKs send them so). */
function decodeSettings(inputs: PlainMap): PlainMap {
  return Object.fromEntries(
    Object.entries(inputs).map(([key, value]) => [key, typeof value === 'string' ? decodeText(key, value) : value]),
  );
}

const TEXT_KEYS = new Set(['accessKey', 'secretKey', 'token', 'profile', 'region', 'version']);

function decodeText(key: string, text: string): Plain {
  if (TEXT_KEYS.has(key)) return text;
  try {
    return JSON.parse(text) as Plain;
  } catch {
    return text;
  }
}

function regionOf(settings: PlainMap, environment: Environment): string | undefined {
  const reader = new EnvironmentReader(environment);
  const given = typeof settings.region === 'string' && settings.region !== '' ? settings.region : undefined;
  return given ?? reader.text('AWS_REGION') ?? reader.text('AWS_DEFAULT_REGION');
}

async function credentialsOf(settings: PlainMap): Promise<AwsCredentialIdentityProvider | undefined> {
  const base = await baseCredentials(settings);
  const roles = asMaps(settings.assumeRoles);
  const web = asMap(settings.assumeRoleWithWebIdentity);
  if (roles.length === 0 && web.roleArn === undefined) return base;
  const providers = await import('@aws-sdk/credential-providers');
  let current = base;
  if (typeof web.roleArn === 'string') {
    const session = { roleArn: web.roleArn, roleSessionName: asText(web.sessionName) ?? 'mainstay' };
    current = asText(web.webIdentityToken)
      ? providers.fromWebToken({ ...session, webIdentityToken: asText(web.webIdentityToken)! })
      : providers.fromTokenFile({
          ...session,
          ...(asText(web.webIdentityTokenFile) && { webIdentityTokenFile: asText(web.webIdentityTokenFile)! }),
        });
  }
  for (const role of roles) {
    const params = {
      RoleArn: asText(role.roleArn) ?? '',
      RoleSessionName: asText(role.sessionName) ?? 'mainstay',
      ExternalId: asText(role.externalId),
    };
    current = providers.fromTemporaryCredentials({ params, ...(current && { masterCredentials: current }) });
  }
  return current;
}

async function baseCredentials(settings: PlainMap): Promise<AwsCredentialIdentityProvider | undefined> {
  const accessKeyId = asText(settings.accessKey);
  const secretAccessKey = asText(settings.secretKey);
  if (accessKeyId && secretAccessKey) {
    const sessionToken = asText(settings.token);
    return async () => ({ accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) });
  }
  const profile = asText(settings.profile);
  const [filepath] = asList(settings.sharedCredentialsFiles);
  const [configFilepath] = asList(settings.sharedConfigFiles);
  if (!profile && !filepath && !configFilepath) return undefined;
  const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
  return fromNodeProviderChain({
    ...(profile && { profile }),
    ...(filepath && { filepath }),
    ...(configFilepath && { configFilepath }),
  });
}

function endpointsOf(value: Plain | undefined): AwsConfiguration['endpoints'] {
  const entries = asMaps(value).flatMap((endpoint) => Object.entries(asTexts(endpoint)));
  return Object.fromEntries(entries.map(([name, url]) => [ENDPOINT_NAMES[name] ?? name, url]));
}

export function asMap(value: Plain | undefined): PlainMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as PlainMap) : {};
}

export function asMaps(value: Plain | undefined): readonly PlainMap[] {
  return Array.isArray(value) ? value.map(asMap) : [];
}

/** The texts of a list; anything else in it is left out. */
export function asList(value: Plain | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

export function asText(value: Plain | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function asTexts(value: Plain | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(asMap(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
