import type { ACM } from '@aws-sdk/client-acm';
import type { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import type { DynamoDB } from '@aws-sdk/client-dynamodb';
import type { EC2 } from '@aws-sdk/client-ec2';
import type { ECR } from '@aws-sdk/client-ecr';
import type { EKS } from '@aws-sdk/client-eks';
import type { IAM } from '@aws-sdk/client-iam';
import type { KMS } from '@aws-sdk/client-kms';
import type { Route53 } from '@aws-sdk/client-route-53';
import type { S3 } from '@aws-sdk/client-s3';
import type { SecretsManager } from '@aws-sdk/client-secrets-manager';
import type { SNS } from '@aws-sdk/client-sns';
import type { SQS } from '@aws-sdk/client-sqs';
import type { SSM } from '@aws-sdk/client-ssm';
import type { STS } from '@aws-sdk/client-sts';
import { Batches } from './batches.ts';
import type { AwsConfiguration } from './configuration.ts';
import { clarifyDenial, translateFailure } from './failures.ts';

interface Clients {
  acm: ACM;
  dynamodb: DynamoDB;
  ec2: EC2;
  ecr: ECR;
  eks: EKS;
  iam: IAM;
  kms: KMS;
  logs: CloudWatchLogs;
  route53: Route53;
  s3: S3;
  secretsmanager: SecretsManager;
  sns: SNS;
  sqs: SQS;
  ssm: SSM;
  sts: STS;
}

export type ServiceName = keyof Clients;

/** One loader a service: its package is loaded when the first resource of it is touched. */
const constructors: { readonly [Name in ServiceName]: () => Promise<new (options: never) => Clients[Name]> } = {
  acm: async () => (await import('@aws-sdk/client-acm')).ACM,
  dynamodb: async () => (await import('@aws-sdk/client-dynamodb')).DynamoDB,
  ec2: async () => (await import('@aws-sdk/client-ec2')).EC2,
  ecr: async () => (await import('@aws-sdk/client-ecr')).ECR,
  eks: async () => (await import('@aws-sdk/client-eks')).EKS,
  iam: async () => (await import('@aws-sdk/client-iam')).IAM,
  kms: async () => (await import('@aws-sdk/client-kms')).KMS,
  logs: async () => (await import('@aws-sdk/client-cloudwatch-logs')).CloudWatchLogs,
  route53: async () => (await import('@aws-sdk/client-route-53')).Route53,
  s3: async () => (await import('@aws-sdk/client-s3')).S3,
  secretsmanager: async () => (await import('@aws-sdk/client-secrets-manager')).SecretsManager,
  sns: async () => (await import('@aws-sdk/client-sns')).SNS,
  sqs: async () => (await import('@aws-sdk/client-sqs')).SQS,
  ssm: async () => (await import('@aws-sdk/client-ssm')).SSM,
  sts: async () => (await import('@aws-sdk/client-sts')).STS,
};

/** The AWS API under one configuration: clients made when first used, failures translated to errors that a user understands. */
export interface AwsCalls {
  readonly configuration: AwsConfiguration;
  /** Retries throttled calls and cut connections. */
  client<Name extends ServiceName>(name: Name): Promise<Clients[Name]>;
  /** Sends each call once: for a create that must not be made twice (`createOnce`). */
  clientWithoutRetries<Name extends ServiceName>(name: Name): Promise<Clients[Name]>;
  /** The same account in another region. */
  inRegion(region: string): AwsCalls;
  /** Looks that are wanted at about the same time, asked for together. */
  readonly batches: Batches;
  /** The account that the credentials belong to, asked once. */
  accountId(): Promise<string>;
  /** Ends the connections of all regions. */
  close(): void;
}

export function createAwsCalls(configuration: AwsConfiguration): AwsCalls {
  const regions = new Map<string, AwsCalls>();
  const made = new Map<string, Promise<Clients[ServiceName]>>();
  let account: Promise<string> | undefined;
  const once = <Value>(key: string, make: () => Promise<Value>) => {
    const one = (made.get(key) as Promise<Value> | undefined) ?? make();
    made.set(key, one as Promise<never>);
    return one;
  };
  const decode: Decode = async (EncodedMessage) =>
    (await (await calls.client('sts')).decodeAuthorizationMessage({ EncodedMessage })).DecodedMessage;
  const calls: AwsCalls = {
    configuration,
    client: (name) => once(name, () => makeClient(name, configuration, decode)),
    clientWithoutRetries: (name) =>
      once(`${name} once`, () => makeClient(name, { ...configuration, maxAttempts: 1 }, decode)),
    batches: new Batches(),
    inRegion: (region) => {
      if (region === configuration.region) return calls;
      const other = regions.get(region) ?? createAwsCalls({ ...configuration, region });
      regions.set(region, other);
      return other;
    },
    accountId: () => {
      account ??= askAccount(calls);
      return account;
    },
    close: () => {
      for (const client of made.values()) client.then((one) => one.destroy()).catch(() => {});
      for (const other of regions.values()) other.close();
    },
  };
  return calls;
}

async function makeClient<Name extends ServiceName>(
  name: Name,
  configuration: AwsConfiguration,
  decode: Decode,
): Promise<Clients[Name]> {
  const Client = (await constructors[name]()) as new (options: object) => Clients[Name];
  const client = new Client({
    region: configuration.region,
    ...(configuration.credentials && { credentials: configuration.credentials }),
    ...(configuration.endpoints[name] && { endpoint: configuration.endpoints[name] }),
    maxAttempts: configuration.maxAttempts,
    retryMode: configuration.retryMode,
    ...(name === 's3' && { forcePathStyle: configuration.s3UsePathStyle, followRegionRedirects: true }),
    useFipsEndpoint: configuration.useFipsEndpoint,
    useDualstackEndpoint: configuration.useDualstackEndpoint,
  });
  addTranslation(client, { service: name, configuration, decode });
  return client;
}

async function askAccount(calls: AwsCalls): Promise<string> {
  const identity = await (await calls.client('sts')).getCallerIdentity({});
  return identity.Account ?? '';
}

type Decode = (encoded: string) => Promise<string | undefined>;

interface Translation {
  readonly service: ServiceName;
  readonly configuration: AwsConfiguration;
  readonly decode: Decode;
}

/** Every failed call of the client is thrown as an error that names service, action and what to do. */
function addTranslation(client: Clients[ServiceName], { service, configuration, decode }: Translation): void {
  const stack = client.middlewareStack as { add(middleware: unknown, options: object): void };
  const translate =
    (next: (args: unknown) => Promise<unknown>, context: { readonly commandName?: string }) =>
    async (args: unknown) => {
      try {
        return await next(args);
      } catch (error) {
        const clear = error instanceof Error && service !== 'sts' ? await clarifyDenial(error, decode) : error;
        const action = context.commandName?.replace(/Command$/, '') ?? 'a call';
        throw translateFailure(clear, { service, action, configuration });
      }
    };
  stack.add(translate, { step: 'initialize', name: 'mainstayTranslateFailure', priority: 'high' });
}
