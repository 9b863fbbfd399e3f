import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { EC2Client } from '@aws-sdk/client-ec2';
import type { ECRClient } from '@aws-sdk/client-ecr';
import type { IAMClient } from '@aws-sdk/client-iam';
import type { KMSClient } from '@aws-sdk/client-kms';
import type { STSClient } from '@aws-sdk/client-sts';
import type { AwsConfiguration } from './configuration.ts';
import { translateFailure } from './failures.ts';

interface Clients {
  ec2: EC2Client;
  ecr: ECRClient;
  iam: IAMClient;
  kms: KMSClient;
  logs: CloudWatchLogsClient;
  sts: STSClient;
}

export type ServiceName = keyof Clients;

/** One loader a service: its package is loaded when the first resource of it is touched. */
const constructors: { readonly [Name in ServiceName]: () => Promise<new (options: never) => Clients[Name]> } = {
  ec2: async () => (await import('@aws-sdk/client-ec2')).EC2Client,
  ecr: async () => (await import('@aws-sdk/client-ecr')).ECRClient,
  iam: async () => (await import('@aws-sdk/client-iam')).IAMClient,
  kms: async () => (await import('@aws-sdk/client-kms')).KMSClient,
  logs: async () => (await import('@aws-sdk/client-cloudwatch-logs')).CloudWatchLogsClient,
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
