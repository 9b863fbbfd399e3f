import { type ApiAnswer, type ApiCall, failureAnswer, jsonAnswer, parametersOf } from './api-call.ts';
import { EksChildren } from './eks-children.ts';

type Json = Record<string, unknown>;

/** What EKS says of a cluster for which nothing is asked. */
const CLUSTER_DEFAULTS: Json = {
  accessConfig: { authenticationMode: 'CONFIG_MAP' },
  upgradePolicy: { supportType: 'EXTENDED' },
  deletionProtection: false,
};

/** Parts of a cluster that moto does not keep. */
const CLUSTER_EXTRAS = [
  'accessConfig',
  'upgradePolicy',
  'deletionProtection',
  'computeConfig',
  'storageConfig',
  'zonalShiftConfig',
];

interface ClusterExtras {
  patch: Json;
  readonly children: EksChildren;
  /** Looks that still answer with a state on the way. */
  starting: number;
}

/**
 * EKS as its API reference describes it (https://docs.aws.amazon.com/eks/latest/APIReference), as far as moto lacks it: add-ons, access
 * entries, pod identity, updates, and the younger settings of a cluster. Clusters, node groups and Fargate profiles themselves are moto's.
 */
export class EksParts {
  readonly #accountId: string;
  readonly #moto: (call: ApiCall) => Promise<ApiAnswer>;
  readonly #clusters = new Map<string, ClusterExtras>();

  constructor(accountId: string, moto: (call: ApiCall) => Promise<ApiAnswer>) {
    this.#accountId = accountId;
    this.#moto = moto;
  }

  async answer(call: ApiCall): Promise<ApiAnswer> {
    const parts = call.path.split('/').filter(Boolean).map(decodeURIComponent);
    const [root, name = '', kind, ...rest] = parts;
    if (root === 'addons') return this.#supportedVersions(call);
    if (root === 'tags') return this.#tags(call, parts.slice(1).join('/'));
    if (root !== 'clusters') return failureAnswer(call, { code: 'NotFoundException', message: call.path, status: 404 });
    if (name === '') return call.method === 'POST' ? this.#create(call) : this.#moto(call);
    if (kind === undefined) return call.method === 'DELETE' ? this.#delete(call, name) : this.#describe(call, name);
    if (kind === 'fargate-profiles') return this.#moto(call);
    const extras = this.#clusters.get(this.#key(call, name));
    if (!extras) return missing(call, `No cluster found for name: ${name}.`);
    if (kind === 'node-groups') return this.#nodeGroups(call, { extras, name, rest });
    if (kind === 'updates' && call.method === 'POST')
      return this.#patch(extras, { version: parametersOf(call).version });
    if (kind === 'update-config') return this.#configure(call, name, extras);
    if (kind === 'encryption-config')
      return this.#patch(extras, { encryptionConfig: parametersOf(call).encryptionConfig });
    return extras.children.answer(call, [kind, ...rest]);
  }

  #key(call: ApiCall, name: string): string {
    return `${call.region}/${name}`;
  }

  async #create(call: ApiCall): Promise<ApiAnswer> {
    const asked = parametersOf(call) as Json & { name: string; roleArn: string; resourcesVpcConfig?: Json };
    const problem = await this.#problemOf(call, asked);
    if (problem) return failureAnswer(call, { code: 'InvalidParameterException', message: problem });
    const made = await this.#moto(call);
    if (made.status >= 300) return made;
    const given = Object.fromEntries(
      CLUSTER_EXTRAS.flatMap((key) => (asked[key] === undefined ? [] : [[key, asked[key]]])),
    );
    const network = { publicAccessCidrs: ['0.0.0.0/0'], endpointPublicAccess: true, ...asked.resourcesVpcConfig };
    const patch = {
      ...CLUSTER_DEFAULTS,
      ...given,
      resourcesVpcConfig: { ...network, clusterSecurityGroupId: 'sg-eks0000000000001' },
    };
    const children = new EksChildren({ accountId: this.#accountId, region: call.region, cluster: asked.name });
    const extras: ClusterExtras = { patch, children, starting: 1 };
    this.#clusters.set(this.#key(call, asked.name), extras);
    return merged(made, 'cluster', { ...patch, status: 'CREATING' });
  }

  /** What EKS looks at before it begins: whether it can take the role. */
  async #problemOf(
    call: ApiCall,
    asked: { readonly roleArn: string; readonly resourcesVpcConfig?: Json },
  ): Promise<string | undefined> {
    const role = asked.roleArn?.split('/').at(-1) ?? '';
    const body = Buffer.from(
      new URLSearchParams({ Action: 'GetRole', Version: '2010-05-08', RoleName: role }).toString(),
    );
    const authorization = (call.headers.authorization ?? '').replace('/eks/', '/iam/');
    const headers = { ...call.headers, authorization, 'content-type': 'application/x-www-form-urlencoded' };
    const { status } = await this.#moto({ ...call, method: 'POST', path: '/', headers, body });
    if (status >= 300)
      return `Role with arn: ${asked.roleArn}, could not be assumed because it does not exist or the trusted entity is not correct`;
    const subnets = asked.resourcesVpcConfig?.subnetIds;
    return Array.isArray(subnets) && subnets.length >= 2
      ? undefined
      : 'Subnets specified must be in at least two different AZs';
  }

  async #describe(call: ApiCall, name: string): Promise<ApiAnswer> {
    const found = await this.#moto(call);
    const extras = this.#clusters.get(this.#key(call, name));
    if (found.status >= 300 || !extras) return found;
    const starting = extras.starting > 0;
    extras.starting -= 1;
    return merged(found, 'cluster', { ...extras.patch, ...(starting && { status: 'CREATING' }) });
  }

  async #delete(call: ApiCall, name: string): Promise<ApiAnswer> {
    const extras = this.#clusters.get(this.#key(call, name));
    if (extras?.patch.deletionProtection === true)
      return failureAnswer(call, {
        code: 'InvalidRequestException',
        message: `Cluster ${name} has deletion protection enabled. Disable deletion protection first`,
      });
    const gone = await this.#moto(call);
    if (gone.status < 300) this.#clusters.delete(this.#key(call, name));
    return gone;
  }

  #configure(call: ApiCall, name: string, extras: ClusterExtras): ApiAnswer {
    const { clientRequestToken: _, resourcesVpcConfig, accessConfig, ...rest } = parametersOf(call) as Json;
    const kinds = [resourcesVpcConfig, accessConfig, ...Object.values(rest)].filter((one) => one !== undefined);
    const together = rest.computeConfig !== undefined || rest.storageConfig !== undefined;
    if (kinds.length !== 1 && !together)
      return failureAnswer(call, {
        code: 'InvalidParameterException',
        message: `Only one type of update can be allowed for ${name}`,
      });
    return this.#patch(extras, {
      ...rest,
      ...(resourcesVpcConfig !== undefined && {
        resourcesVpcConfig: { ...(extras.patch.resourcesVpcConfig as Json), ...(resourcesVpcConfig as Json) },
      }),
      ...(accessConfig !== undefined && {
        accessConfig: { ...(extras.patch.accessConfig as Json), ...(accessConfig as Json) },
      }),
    });
  }

  #patch(extras: ClusterExtras, change: Json): ApiAnswer {
    extras.patch = { ...extras.patch, ...change };
    return jsonAnswer(200, { update: extras.children.newUpdate() });
  }

  async #nodeGroups(
    call: ApiCall,
    { extras, name, rest }: { readonly extras: ClusterExtras; readonly name: string; readonly rest: readonly string[] },
  ): Promise<ApiAnswer> {
    const [group = '', verb] = rest;
    if (call.method === 'POST' && group === '') return this.#createGroup(call, extras);
    if (verb === 'update-version') {
      const { version, releaseVersion, launchTemplate } = parametersOf(call) as Json;
      const change = Object.fromEntries(
        Object.entries({ version, releaseVersion, launchTemplate }).filter(([, one]) => one !== undefined),
      );
      extras.children.patchGroup(group, change);
      return jsonAnswer(200, { update: extras.children.newUpdate() });
    }
    if (verb === 'update-config') {
      const answer = await this.#moto({ ...call, path: `/clusters/${name}/node-groups/${group}/update-config` });
      return answer.status < 300 ? jsonAnswer(200, { update: extras.children.newUpdate() }) : answer;
    }
    const answer = await this.#moto(call);
    if (answer.status >= 300 || call.method !== 'GET' || group === '') return answer;
    return merged(answer, 'nodegroup', extras.children.groupPatch(group));
  }

  async #createGroup(call: ApiCall, extras: ClusterExtras): Promise<ApiAnswer> {
    const asked = parametersOf(call) as Json & { nodegroupName: string };
    const made = await this.#moto(call);
    if (made.status >= 300) return made;
    const { updateConfig, version } = asked;
    extras.children.patchGroup(asked.nodegroupName, {
      ...(version !== undefined && { version }),
      updateConfig: updateConfig ?? { maxUnavailable: 1 },
      // moto invents one.
      remoteAccess: asked.remoteAccess,
      ...(asked.launchTemplate !== undefined && { launchTemplate: asked.launchTemplate, diskSize: undefined }),
    });
    return merged(made, 'nodegroup', { status: 'CREATING' });
  }

  #supportedVersions(call: ApiCall): ApiAnswer {
    const addonName = call.query.get('addonName') ?? 'vpc-cni';
    const clusterVersion = call.query.get('kubernetesVersion') ?? '1.35';
    const version = (addonVersion: string, defaultVersion: boolean) => ({
      addonVersion,
      compatibilities: [{ clusterVersion, defaultVersion, platformVersions: ['*'] }],
    });
    const addonVersions = [version('v1.21.1-eksbuild.1', false), version('v1.20.4-eksbuild.2', true)];
    return jsonAnswer(200, { addons: [{ addonName, type: 'networking', addonVersions }] });
  }

  async #tags(call: ApiCall, arn: string): Promise<ApiAnswer> {
    for (const { children } of this.#clusters.values()) {
      const answer = children.tag(call, arn);
      if (answer) return answer;
    }
    return this.#moto(call);
  }
}

function missing(call: ApiCall, message: string): ApiAnswer {
  return failureAnswer(call, { code: 'ResourceNotFoundException', message, status: 404 });
}

/** The answer with more in its one structure. */
function merged(answer: ApiAnswer, key: string, more: Json): ApiAnswer {
  const value = JSON.parse(answer.body.toString()) as Record<string, Json>;
  return jsonAnswer(answer.status, { [key]: { ...value[key], ...more } });
}
