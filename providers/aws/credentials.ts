import type { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import { systemClock } from '../../foundation/clock.ts';
import { type Environment, EnvironmentReader } from '../../foundation/environment.ts';
import type { Plain, PlainMap } from './definition.ts';
import { asList, asMap, asMaps, asText, asTexts } from './plain-values.ts';

/** Gives the keys that calls are signed with, and new ones before those run out. */
export type CredentialSource = ReturnType<typeof fromNodeProviderChain>;

interface Place {
  readonly environment: Environment;
  readonly region: string;
  /** Where STS is, if it is not AWS's own. */
  readonly stsEndpoint: string | undefined;
}

/**
 * Credentials as the settings say: keys, or a profile, or the standard chain (undefined: the SDK's own default); over them a web identity,
 * and over that a chain of roles. Calls nothing yet.
 */
export async function credentialsOf(settings: PlainMap, place: Place): Promise<CredentialSource | undefined> {
  const base = await baseCredentials(settings, place);
  const roles = asMaps(settings.assumeRoles);
  const web = asMap(settings.assumeRoleWithWebIdentity);
  if (roles.length === 0 && web.roleArn === undefined) return base;
  const { fromTemporaryCredentials } = await import('@aws-sdk/credential-providers');
  const clientConfig = clientOf(place);
  let current = web.roleArn === undefined ? base : await webIdentity(web, clientConfig);
  for (const role of roles) {
    const params = roleParameters(role);
    current = fromTemporaryCredentials({ params, clientConfig, ...(current && { masterCredentials: current }) });
  }
  return current && shared(current);
}

/** New credentials are got this long before the old ones end, in milliseconds. */
const EARLY = 5 * 60_000;

/** One set of credentials for the clients of all services, until it ends soon: a role is not taken once a service. */
function shared(source: CredentialSource): CredentialSource {
  let last: ReturnType<CredentialSource> | undefined;
  let until = 0;
  return (options) => {
    if (last && systemClock.now() < until) return last;
    until = Number.POSITIVE_INFINITY;
    last = source(options).then(
      (credentials) => {
        until = (credentials.expiration?.getTime() ?? Number.POSITIVE_INFINITY) - EARLY;
        return credentials;
      },
      (error: unknown) => {
        last = undefined;
        throw error;
      },
    );
    return last;
  };
}

async function webIdentity(
  web: PlainMap,
  clientConfig: { readonly region: string; readonly endpoint?: string },
): Promise<CredentialSource> {
  const { fromTokenFile, fromWebToken } = await import('@aws-sdk/credential-providers');
  const session = {
    roleArn: asText(web.roleArn) ?? '',
    roleSessionName: asText(web.sessionName) ?? SESSION_NAME,
    clientConfig,
    ...sessionLimits(web),
  };
  const token = asText(web.webIdentityToken);
  if (token) return fromWebToken({ ...session, webIdentityToken: token });
  const file = asText(web.webIdentityTokenFile);
  return fromTokenFile({ ...session, ...(file && { webIdentityTokenFile: file }) });
}

const SESSION_NAME = 'mainstay';

function roleParameters(role: PlainMap) {
  const tags = Object.entries(asTexts(role.tags)).map(([Key, Value]) => ({ Key, Value }));
  const { durationSeconds, policy, policyArns } = sessionLimits(role);
  return {
    RoleArn: asText(role.roleArn) ?? '',
    RoleSessionName: asText(role.sessionName) ?? SESSION_NAME,
    ExternalId: asText(role.externalId),
    SourceIdentity: asText(role.sourceIdentity),
    DurationSeconds: durationSeconds,
    Policy: policy,
    PolicyArns: policyArns,
    ...(tags.length > 0 && { Tags: tags, TransitiveTagKeys: [...asList(role.transitiveTagKeys)] }),
  };
}

function sessionLimits(role: PlainMap) {
  const seconds = asSeconds(role.duration);
  const arns = asList(role.policyArns);
  return {
    ...(seconds !== undefined && { durationSeconds: seconds }),
    ...(asText(role.policy) && { policy: asText(role.policy)! }),
    ...(arns.length > 0 && { policyArns: arns.map((arn) => ({ arn })) }),
  };
}

/** `1h30m` or `900s`, as the official provider writes durations. Undefined for anything else. */
export function asSeconds(value: Plain | undefined): number | undefined {
  const match = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(asText(value) ?? '');
  if (!match?.[0]) return undefined;
  const [, hours = '0', minutes = '0', seconds = '0'] = match;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

/**
 * The environment is read here and not left to the SDK: the engine may run stacks with environments of their own side by side in one
 * process.
 */
async function baseCredentials(settings: PlainMap, place: Place): Promise<CredentialSource | undefined> {
  const reader = new EnvironmentReader(place.environment);
  const given = keysOf(asText(settings.accessKey), asText(settings.secretKey), asText(settings.token));
  if (given) return given;
  const profile = asText(settings.profile);
  const [filepath = reader.text('AWS_SHARED_CREDENTIALS_FILE')] = asList(settings.sharedCredentialsFiles);
  const [configFilepath = reader.text('AWS_CONFIG_FILE')] = asList(settings.sharedConfigFiles);
  const fromEnvironment = keysOf(
    reader.text('AWS_ACCESS_KEY_ID'),
    reader.text('AWS_SECRET_ACCESS_KEY'),
    reader.text('AWS_SESSION_TOKEN'),
  );
  if (!profile && fromEnvironment) return fromEnvironment;
  const named = profile ?? reader.text('AWS_PROFILE');
  const [tokenFile, roleArn] = [reader.text('AWS_WEB_IDENTITY_TOKEN_FILE'), reader.text('AWS_ROLE_ARN')];
  if (!named && tokenFile && roleArn) return webIdentity({ roleArn, webIdentityTokenFile: tokenFile }, clientOf(place));
  if (!named && !filepath && !configFilepath) return undefined;
  const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
  return fromNodeProviderChain({
    ...(named && { profile: named }),
    ...(filepath && { filepath }),
    ...(configFilepath && { configFilepath }),
  });
}

function keysOf(
  accessKeyId: string | undefined,
  secretAccessKey: string | undefined,
  sessionToken: string | undefined,
): CredentialSource | undefined {
  if (!accessKeyId || !secretAccessKey) return undefined;
  return async () => ({ accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) });
}

function clientOf({ region, stsEndpoint }: Place): { readonly region: string; readonly endpoint?: string } {
  return { region, ...(stsEndpoint && { endpoint: stsEndpoint }) };
}
