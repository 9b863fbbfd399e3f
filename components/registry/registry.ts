import * as ecr from '@pulumi/aws/ecr';
import * as pulumi from '@pulumi/pulumi';
import { type ComponentArgs, stackTags, withTransform } from '../component';
import { planLifecycle } from './lifecycle-plan';

export interface RegistryArgs extends ComponentArgs {
  /** Names of the repositories: `shop`, `team-a/worker`. */
  readonly repositories: readonly string[];
  /** How many tagged images of each are kept. Default 50. */
  readonly keep?: number;
  /** Days after which images without a tag go. Default 7. */
  readonly untaggedDays?: number;
  /** Accounts that may pull. */
  readonly readers?: readonly string[];
  /** On every resource that can have some, beside project, stack and name. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** ECR repositories: scanned on push, tags that never move, old images cleared away. */
export class Registry extends pulumi.ComponentResource {
  /** Address to push to and pull from, by repository. */
  readonly urls: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: RegistryArgs, options?: pulumi.ComponentResourceOptions) {
    super('mainstay:index:Registry', name, {}, withTransform(args, options));
    const made = args.repositories.map(
      (repository) => [repository, this.#createRepository(name, repository, args)] as const,
    );
    this.urls = pulumi.output(
      Object.fromEntries(made.map(([repository, { repositoryUrl }]) => [repository, repositoryUrl])),
    );
    this.registerOutputs({ urls: this.urls });
  }

  #createRepository(name: string, repository: string, args: RegistryArgs): ecr.Repository {
    const resourceName = `${name}-${repository.replaceAll('/', '-')}`;
    const made = new ecr.Repository(
      resourceName,
      {
        name: repository,
        imageTagMutability: 'IMMUTABLE',
        imageScanningConfiguration: { scanOnPush: true },
        encryptionConfigurations: [{ encryptionType: 'KMS' }],
        forceDelete: false,
        tags: stackTags(resourceName, args.tags),
      },
      { parent: this },
    );
    const policy = JSON.stringify(planLifecycle({ keep: args.keep ?? 50, untaggedDays: args.untaggedDays ?? 7 }));
    new ecr.LifecyclePolicy(resourceName, { repository: made.name, policy }, { parent: this });
    if (args.readers?.length) {
      const readers = readPolicy(args.readers);
      new ecr.RepositoryPolicy(resourceName, { repository: made.name, policy: readers }, { parent: this });
    }
    return made;
  }
}

function readPolicy(accounts: readonly string[]): string {
  const actions = ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'];
  const principals = accounts.map((account) => `arn:aws:iam::${account}:root`);
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: principals }, Action: actions }],
  });
}
