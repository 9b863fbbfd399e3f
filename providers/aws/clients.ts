import type { ACMClient } from '@aws-sdk/client-acm';
import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { EC2Client } from '@aws-sdk/client-ec2';
import type { ECRClient } from '@aws-sdk/client-ecr';
import type { EKSClient } from '@aws-sdk/client-eks';
import type { IAMClient } from '@aws-sdk/client-iam';
import type { KMSClient } from '@aws-sdk/client-kms';
import type { Route53Client } from '@aws-sdk/client-route-53';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SNSClient } from '@aws-sdk/client-sns';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { SSMClient } from '@aws-sdk/client-ssm';
import type { STSClient } from '@aws-sdk/client-sts';
import type { AwsConfiguration } from './configuration.ts';
import { translateFailure } from './failures.ts';

interface Clients {
  acm: ACMClient;
  dynamodb: DynamoDBClient;
  ec2: EC2Client;
  ecr: ECRClient;
  eks: EKSClient;
  iam: IAMClient;
  kms: KMSClient;
  logs: CloudWatchLogsClient;
  route53: Route53Client;
  s3: S3Client;
  secretsmanager: SecretsManagerClient;
  sns: SNSClient;
  sqs: SQSClient;
  ssm: SSMClient;
  sts: STSClient;
}

export type ServiceName = keyof Clients;

/** One loader a service: its package is loaded when the first resource of it is touched. */
const constructors: { readonly [Name in ServiceName]: () => Promise<new (options: never) => Clients[Name]> } = {
  acm: async () => (await import('@aws-sdk/client-acm')).ACMClient,
  dynamodb: async () => (await import('@aws-sdk/client-dynamodb')).DynamoDBClient,
  ec2: async () => (await import('@aws-sdk/client-ec2')).EC2Client,
  ecr: async () => (await import('@aws-sdk/client-ecr')).ECRClient,
  eks: async () => (await import('@aws-sdk/client-eks')).EKSClient,
  iam: async () => (await import('@aws-sdk/client-iam')).IAMClient,
  kms: async () => (await import('@aws-sdk/client-kms')).KMSClient,
  logs: async () => (await import('@aws-sdk/client-cloudwatch-logs')).CloudWatchLogsClient,
  route53: async () => (await import('@aws-sdk/client-route-53')).Route53Client,
  s3: async () => (await import('@aws-sdk/client-s3')).S3Client,
  secretsmanager: async () => (await import('@aws-sdk/client-secrets-manager')).SecretsManagerClient,
  sns: async () => (await import('@aws-sdk/client-sns')).SNSClient,
  sqs: async () => (await import('@aws-sdk/client-sqs')).SQSClient,
  ssm: async () => (await import('@aws-sdk/client-ssm')).SSMClient,
  sts: async () => (await import('@aws-sdk/client-sts')).STSClient,
};

/** The AWS API under one configuration: clients made when first used, failures translated to errors that a user understands. */
export interface AwsCalls {
  readonly configuration: AwsConfiguration;
  client<Name extends ServiceName>(name: Name): Promise<Clients[Name]>;
  /** The account that the credentials belong to, asked once. */
  accountId(): Promise<string>;
  close(): void;
}

export function createAwsCalls(configuration: AwsConfiguration): AwsCalls {
  const made = new Map<ServiceName, Promise<Clients[ServiceName]>>();
  let account: Promise<string> | undefined;

  async function make(name: ServiceName): Promise<Clients[ServiceName]> {
    const Client = (await constructors[name]()) as new (options: object) => Clients[ServiceName];
    const client = new Client({
      region: configuration.region,
      ...(configuration.credentials && { credentials: configuration.credentials }),
      ...(configuration.endpoints[name] && { endpoint: configuration.endpoints[name] }),
      ...(name === 's3' && { forcePathStyle: configuration.s3UsePathStyle }),
      maxAttempts: configuration.maxAttempts,
      retryMode: 'adaptive',
    });
    addTranslation(client, name, configuration);
    return client;
  }

  const calls: AwsCalls = {
    configuration,
    client: (name) => {
      const client = made.get(name) ?? make(name);
      made.set(name, client);
      return client as Promise<never>;
    },
    accountId: () => (account ??= askAccount(calls)),
    close: () => {
      for (const client of made.values()) void client.then((one) => one.destroy());
    },
  };
  return calls;
}

async function askAccount(calls: AwsCalls): Promise<string> {
  const { GetCallerIdentityCommand } = await import('@aws-sdk/client-sts');
  const identity = await (await calls.client('sts')).send(new GetCallerIdentityCommand({}));
  return identity.Account ?? '';
}

/** Every failed call of the client is thrown as an error that names service, action and what to do. */
function addTranslation(client: Clients[ServiceName], service: ServiceName, configuration: AwsConfiguration): void {
  const stack = client.middlewareStack as { add(middleware: unknown, options: object): void };
  const translate =
    (next: (args: unknown) => Promise<unknown>, context: { readonly commandName?: string }) =>
    async (args: unknown) => {
      try {
        return await next(args);
      } catch (error) {
        throw translateFailure(error, {
          service,
          action: context.commandName?.replace(/Command$/, '') ?? 'a call',
          configuration,
        });
      }
    };
  stack.add(translate, { step: 'initialize', name: 'mainstayTranslateFailure', priority: 'high' });
}
