import { ACM } from '@aws-sdk/client-acm';
import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDB } from '@aws-sdk/client-dynamodb';
import { EC2 } from '@aws-sdk/client-ec2';
import { ECR } from '@aws-sdk/client-ecr';
import { EKS, waitUntilClusterActive, waitUntilClusterDeleted } from '@aws-sdk/client-eks';
import { IAM } from '@aws-sdk/client-iam';
import { KMS } from '@aws-sdk/client-kms';
import { Route53 } from '@aws-sdk/client-route-53';
import { S3 } from '@aws-sdk/client-s3';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { SNS } from '@aws-sdk/client-sns';
import { SQS } from '@aws-sdk/client-sqs';
import { SSM } from '@aws-sdk/client-ssm';

/** The AWS SDK, used by tests to make what a resource needs and to ask what is there. */
export interface World {
  readonly acm: ACM;
  readonly dynamodb: DynamoDB;
  readonly ec2: EC2;
  readonly ecr: ECR;
  readonly eks: EKS;
  readonly iam: IAM;
  readonly kms: KMS;
  readonly logs: CloudWatchLogs;
  readonly route53: Route53;
  readonly s3: S3;
  readonly secretsmanager: SecretsManager;
  readonly sns: SNS;
  readonly sqs: SQS;
  readonly ssm: SSM;
  /** Begins every name that is made. */
  readonly prefix: string;
  readonly region: string;
  /** Made when first asked for, and taken away by `close` in reverse order. */
  vpcId(): Promise<string>;
  subnetIds(): Promise<readonly [string, string]>;
  roleArn(service: string): Promise<string>;
  clusterName(): Promise<string>;
  keyId(): Promise<string>;
  zoneId(): Promise<string>;
  bucket(): Promise<string>;
  repository(): Promise<string>;
  /** For anything else that is to go at the end. Gone already is no failure; still in use is tried again for a while. */
  later(undo: () => Promise<unknown>): void;
  /** Takes everything away, in reverse order. Rejects with all that is left where something is: it costs money on a real account. */
  close(): Promise<void>;
}

/** `endpoint` undefined: AWS itself, with the credentials of the environment. */
export function createWorld(endpoint: string | undefined): World {
  const region = endpoint === undefined ? (process.env.AWS_REGION ?? 'eu-west-1') : 'eu-west-1';
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const settings = endpoint === undefined ? { region } : { region, endpoint, credentials };
  const clients = {
    acm: new ACM(settings),
    dynamodb: new DynamoDB(settings),
    ec2: new EC2(settings),
    ecr: new ECR(settings),
    eks: new EKS(settings),
    iam: new IAM(settings),
    kms: new KMS(settings),
    logs: new CloudWatchLogs(settings),
    route53: new Route53(settings),
    s3: new S3({ ...settings, forcePathStyle: endpoint !== undefined }),
    secretsmanager: new SecretsManager(settings),
    sns: new SNS(settings),
    sqs: new SQS(settings),
    ssm: new SSM(settings),
  };
  const undone: (() => Promise<unknown>)[] = [];
  const made = new Map<string, Promise<unknown>>();
  const later = (undo: () => Promise<unknown>) => void undone.push(undo);
  const once =
    <T>(key: string, make: () => Promise<T>) =>
    () => {
      const one = (made.get(key) as Promise<T> | undefined) ?? make();
      made.set(key, one);
      return one;
    };
  const prefix = `mainstay-test-${Math.random().toString(36).slice(2, 8)}`;
  const seed: Seed = { ...clients, prefix, region, later };
  const vpcId = once('vpc', () => makeVpc(seed));
  const subnetIds = once('subnets', async () => makeSubnets(seed, await vpcId()));
  const roleArn = (service: string) => once(`role ${service}`, () => makeRole(seed, service))();
  return {
    ...clients,
    ...seed,
    vpcId,
    subnetIds,
    roleArn,
    clusterName: once('cluster', async () => makeCluster(seed, await subnetIds(), await roleArn('eks'))),
    keyId: once('key', () => makeKey(seed)),
    zoneId: once('zone', () => makeZone(seed)),
    bucket: once('bucket', () => makeBucket(seed)),
    repository: once('repository', () => makeRepository(seed)),
    async close() {
      const left: Error[] = [];
      for (const undo of undone.reverse()) await undoPatiently(undo).catch((error: Error) => left.push(error));
      for (const client of Object.values(clients)) client.destroy();
      if (left.length > 0)
        throw new AggregateError(left, `Cannot take away all that the tests made: ${left.join('; ')}`);
    },
  };
}

/** Seconds for which something may still be in use by what is on its way out, and between two tries. */
const PATIENCE = 180;
const PAUSE = 3;

async function undoPatiently(undo: () => Promise<unknown>): Promise<void> {
  for (let waited = 0; ; waited += PAUSE) {
    try {
      await undo();
      return;
    } catch (error) {
      const { name, message } = error as Error;
      if (/NotFound|NoSuch|NonExist|DoesNotExist|NotAttached/i.test(`${name} ${message}`)) return;
      if (waited >= PATIENCE || !/Dependency|InUse|Conflict|in use/i.test(`${name} ${message}`)) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE * 1000));
    }
  }
}

type Seed = Pick<World, 'ec2' | 'ecr' | 'eks' | 'iam' | 'kms' | 'route53' | 's3' | 'prefix' | 'region' | 'later'>;

async function makeVpc({ ec2, later }: Seed): Promise<string> {
  const { Vpc } = await ec2.createVpc({ CidrBlock: '10.90.0.0/16' });
  later(() => ec2.deleteVpc({ VpcId: Vpc!.VpcId }));
  return Vpc!.VpcId!;
}

async function makeSubnets({ ec2, region, later }: Seed, VpcId: string): Promise<readonly [string, string]> {
  const make = async (zone: string, CidrBlock: string) => {
    const { Subnet } = await ec2.createSubnet({ VpcId, CidrBlock, AvailabilityZone: `${region}${zone}` });
    later(() => ec2.deleteSubnet({ SubnetId: Subnet!.SubnetId }));
    return Subnet!.SubnetId!;
  };
  return [await make('a', '10.90.0.0/24'), await make('b', '10.90.1.0/24')];
}

async function makeRole({ iam, prefix, later }: Seed, service: string): Promise<string> {
  const RoleName = `${prefix}-${service}`;
  const Statement = [{ Effect: 'Allow', Principal: { Service: `${service}.amazonaws.com` }, Action: 'sts:AssumeRole' }];
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  const { Role } = await iam.createRole({ RoleName, AssumeRolePolicyDocument });
  later(() => iam.deleteRole({ RoleName }));
  return Role!.Arn!;
}

async function makeCluster(
  { eks, prefix, later }: Seed,
  subnetIds: readonly string[],
  roleArn: string,
): Promise<string> {
  const name = `${prefix}-shared`;
  const accessConfig = { authenticationMode: 'API' as const };
  await eks.createCluster({ name, roleArn, accessConfig, resourcesVpcConfig: { subnetIds: [...subnetIds] } });
  const waiting = { client: eks, minDelay: 1, maxDelay: 15, maxWaitTime: 30 * 60 };
  later(async () => {
    await eks.deleteCluster({ name });
    await waitUntilClusterDeleted(waiting, { name });
  });
  await waitUntilClusterActive(waiting, { name });
  return name;
}

async function makeKey({ kms, later }: Seed): Promise<string> {
  const { KeyMetadata } = await kms.createKey({});
  later(() => kms.scheduleKeyDeletion({ KeyId: KeyMetadata!.KeyId, PendingWindowInDays: 7 }));
  return KeyMetadata!.KeyId!;
}

async function makeZone({ route53, prefix, later }: Seed): Promise<string> {
  const { HostedZone } = await route53.createHostedZone({ Name: `${prefix}.example`, CallerReference: prefix });
  const Id = HostedZone!.Id!.split('/').at(-1)!;
  later(() => route53.deleteHostedZone({ Id }));
  return Id;
}

async function makeBucket({ s3, prefix, region, later }: Seed): Promise<string> {
  const Bucket = `${prefix}-shared`;
  const CreateBucketConfiguration = { LocationConstraint: region as 'eu-west-1' };
  await s3.createBucket({ Bucket, CreateBucketConfiguration });
  later(() => s3.deleteBucket({ Bucket }));
  return Bucket;
}

async function makeRepository({ ecr, prefix, later }: Seed): Promise<string> {
  const repositoryName = `${prefix}-shared`;
  await ecr.createRepository({ repositoryName });
  later(() => ecr.deleteRepository({ repositoryName, force: true }));
  return repositoryName;
}
