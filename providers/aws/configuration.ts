import { type Environment, EnvironmentReader } from '../../foundation/environment.ts';
import type { CheckFailure } from '../../protocol/provider.ts';
import { isUnknown } from './check.ts';
import type { ServiceName } from './clients.ts';
import { asSeconds, type CredentialSource, credentialsOf } from './credentials.ts';
import type { Plain, PlainMap } from './definition.ts';
import { asList, asMap, asMaps, asText, asTexts } from './plain-values.ts';

/** The provider's settings, read: what https://www.pulumi.com/registry/packages/aws/installation-configuration documents. */
export interface AwsConfiguration {
  readonly region: string;
  /** Undefined: the SDK's standard chain (environment, shared files, web identity, container, instance). */
  readonly credentials: CredentialSource | undefined;
  readonly endpoints: Partial<Readonly<Record<ServiceName, string>>>;
  readonly defaultTags: Readonly<Record<string, string>>;
  readonly ignoreTags: { readonly keys: readonly string[]; readonly keyPrefixes: readonly string[] };
  readonly allowedAccountIds: readonly string[];
  readonly forbiddenAccountIds: readonly string[];
  readonly maxAttempts: number;
  readonly retryMode: 'standard' | 'adaptive';
  readonly s3UsePathStyle: boolean;
  readonly useFipsEndpoint: boolean;
  readonly useDualstackEndpoint: boolean;
}

/** Settings that we act on. Any other key of the official provider is refused by name, not ignored. */
const KNOWN_KEYS = new Set(
  `accessKey allowedAccountIds assumeRoleWithWebIdentity assumeRoles defaultTags endpoints forbiddenAccountIds ignoreTags maxRetries
  profile region retryMode s3UsePathStyle secretKey sharedConfigFiles sharedCredentialsFiles skipCredentialsValidation
  skipMetadataApiCheck skipRegionValidation skipRequestingAccountId token useDualstackEndpoint useFipsEndpoint version`.split(
    /\s+/,
  ),
);

/** Every service that can be called, and its name in `AWS_ENDPOINT_URL_…`. */
const SERVICE_VARIABLES: Readonly<Record<ServiceName, string>> = {
  acm: 'ACM',
  dynamodb: 'DYNAMODB',
  ec2: 'EC2',
  ecr: 'ECR',
  eks: 'EKS',
  iam: 'IAM',
  kms: 'KMS',
  logs: 'CLOUDWATCH_LOGS',
  route53: 'ROUTE_53',
  s3: 'S3',
  secretsmanager: 'SECRETS_MANAGER',
  sns: 'SNS',
  sqs: 'SQS',
  ssm: 'SSM',
  sts: 'STS',
};

/** Names of services in `endpoints` that differ from ours. */
const ENDPOINT_NAMES: Readonly<Record<string, ServiceName>> = {
  cloudwatchlogs: 'logs',
  cloudwatchlog: 'logs',
  s3api: 's3',
};

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
  const region = regionOf(settings, environment);
  if (region === undefined) failures.push({ property: 'region', reason: NO_REGION });
  else if (settings.skipRegionValidation !== true && !REGION.test(region) && !isUnknown(region))
    failures.push({
      property: 'region',
      reason: `there is no such region: ${region}. See \`aws ec2 describe-regions\`.`,
    });
  return [...failures, ...checkParts(settings)];
}

/** Names that AWS has, and those that it may add: the parts are the same for all. */
const REGION =
  /^(af|ap|ca|cn|eu|il|me|mx|sa|us|us-gov|us-iso|us-isob|eusc-de)-(north|south|east|west|central|northeast|northwest|southeast|southwest)-\d$/;

function checkParts(settings: PlainMap): readonly CheckFailure[] {
  const failures: CheckFailure[] = [];
  const names = asMaps(settings.endpoints).flatMap((endpoint) => Object.keys(endpoint));
  for (const name of names.filter((one) => !isEndpointName(one)))
    failures.push({
      property: 'endpoints',
      reason: `this provider calls no service "${name}". Take its endpoint out.`,
    });
  const roles = [...asMaps(settings.assumeRoles), asMap(settings.assumeRoleWithWebIdentity)];
  for (const { duration } of roles.filter((role) => asText(role.duration) && asSeconds(role.duration) === undefined))
    failures.push({ property: 'assumeRoles', reason: `the duration is none: ${String(duration)}. Write it as 1h30m.` });
  if (asMaps(settings.assumeRoles).some((role) => asText(role.roleArn) === undefined))
    failures.push({ property: 'assumeRoles', reason: 'a role to be assumed has no roleArn.' });
  if (settings.retryMode !== undefined && !['standard', 'adaptive'].includes(String(settings.retryMode)))
    failures.push({ property: 'retryMode', reason: `it is standard or adaptive, not ${String(settings.retryMode)}.` });
  return failures;
}

function isEndpointName(name: string): boolean {
  return name in SERVICE_VARIABLES || name in ENDPOINT_NAMES;
}

const NO_REGION = 'no region is set. Run `pulumi config set aws:region <region>` or set AWS_REGION.';

/** Reads checked inputs. Throws nothing but what the credential packages throw when they are loaded. */
export async function readConfiguration(inputs: PlainMap, environment: Environment): Promise<AwsConfiguration> {
  const settings = decodeSettings(inputs);
  const ignored = asMap(settings.ignoreTags);
  const region = regionOf(settings, environment);
  const endpoints = { ...environmentEndpoints(environment), ...endpointsOf(settings.endpoints) };
  return {
    region: region ?? '',
    credentials: await credentialsOf(settings, {
      environment,
      region: region ?? 'us-east-1',
      stsEndpoint: endpoints.sts,
    }),
    endpoints,
    defaultTags: asTexts(asMap(settings.defaultTags).tags),
    ignoreTags: { keys: asList(ignored.keys), keyPrefixes: asList(ignored.keyPrefixes) },
    allowedAccountIds: asList(settings.allowedAccountIds),
    forbiddenAccountIds: asList(settings.forbiddenAccountIds),
    maxAttempts: typeof settings.maxRetries === 'number' ? settings.maxRetries + 1 : 10,
    retryMode: settings.retryMode === 'adaptive' ? 'adaptive' : 'standard',
    s3UsePathStyle: settings.s3UsePathStyle === true || isLocal(endpoints.s3),
    useFipsEndpoint: settings.useFipsEndpoint === true,
    useDualstackEndpoint: settings.useDualstackEndpoint === true,
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

/** A bucket cannot be a part of the name of such a host. */
function isLocal(url: string | undefined): boolean {
  return url !== undefined && /^https?:\/\/(localhost|\d+\.\d+\.\d+\.\d+|\[)/.test(url);
}

/** `AWS_ENDPOINT_URL` for all services, `AWS_ENDPOINT_URL_S3` for one (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html). */
function environmentEndpoints(environment: Environment): AwsConfiguration['endpoints'] {
  const reader = new EnvironmentReader(environment);
  if (reader.text('AWS_IGNORE_CONFIGURED_ENDPOINT_URLS') === 'true') return {};
  const all = reader.text('AWS_ENDPOINT_URL');
  const services = Object.entries(SERVICE_VARIABLES).map(([name, part]) => [
    name,
    reader.text(`AWS_ENDPOINT_URL_${part}`) ?? all,
  ]);
  return Object.fromEntries(services.filter(([, url]) => url));
}

function endpointsOf(value: Plain | undefined): AwsConfiguration['endpoints'] {
  const entries = asMaps(value).flatMap((endpoint) => Object.entries(asTexts(endpoint)));
  return Object.fromEntries(entries.map(([name, url]) => [ENDPOINT_NAMES[name] ?? name, url]));
}
