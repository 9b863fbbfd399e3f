import { ProviderError } from '../../../protocol/provider.ts';
import type { AwsCalls } from '../clients.ts';
import type { FunctionDefinition, Plain, PlainMap } from '../definition.ts';
import { asMap, asText } from '../plain-values.ts';
import { outputsOf } from '../resources/eks/cluster.ts';
import { partitionOf } from './identity.ts';

export const getCluster: FunctionDefinition = {
  token: 'aws:eks/getCluster:getCluster',
  async invoke({ aws, args }) {
    const name = asText(args.name) ?? '';
    const found = (await (await aws.client('eks')).describeCluster({ name })).cluster!;
    const outputs = outputsOf(found);
    // Structures of the resource are lists of one in the function.
    const listed = (key: string): Plain => (outputs[key] ? [asMap(outputs[key])] : []);
    return {
      ...Object.fromEntries(PLAIN_PARTS.map((key) => [key, outputs[key] ?? ''])),
      id: name,
      enabledClusterLogTypes: outputs.enabledClusterLogTypes ?? [],
      deletionProtection: outputs.deletionProtection ?? false,
      vpcConfig: asMap(outputs.vpcConfig),
      identities: outputs.identities ?? [],
      tags: asMap(outputs.tags),
      accessConfigs: listed('accessConfig'),
      certificateAuthorities: listed('certificateAuthority'),
      computeConfigs: listed('computeConfig'),
      kubernetesNetworkConfigs: listed('kubernetesNetworkConfig'),
      remoteNetworkConfigs: listed('remoteNetworkConfig'),
      storageConfigs: listed('storageConfig'),
      upgradePolicies: listed('upgradePolicy'),
      zonalShiftConfigs: listed('zonalShiftConfig'),
      outpostConfigs: [],
      region: aws.configuration.region,
    };
  },
};

const PLAIN_PARTS = [
  'arn',
  'clusterId',
  'createdAt',
  'endpoint',
  'name',
  'platformVersion',
  'roleArn',
  'status',
  'version',
];

/**
 * A token for the cluster's API: an address of STS, signed and valid for a minute, that EKS calls to learn who asks. What `aws eks
 * get-token` prints (https://docs.aws.amazon.com/eks/latest/userguide/cluster-auth.html).
 */
export const getClusterAuth: FunctionDefinition = {
  token: 'aws:eks/getClusterAuth:getClusterAuth',
  async invoke({ aws, args }) {
    const name = asText(args.name) ?? '';
    return { id: name, name, region: aws.configuration.region, token: await clusterToken(aws, name) };
  },
  secrets: ['token'],
};

const TOKEN_SECONDS = 60;

async function clusterToken(aws: AwsCalls, cluster: string): Promise<string> {
  const { region } = aws.configuration;
  const sts = await aws.client('sts');
  const signer = await sts.config.signer({ name: 'sigv4', signingName: 'sts', signingRegion: region, properties: {} });
  if (!('presign' in signer) || typeof signer.presign !== 'function')
    throw new ProviderError(
      'Cannot sign a token for EKS as the credentials do not sign addresses. Use other credentials.',
    );
  const hostname = `sts.${region}.${partitionOf(region).dnsSuffix}`;
  const request = {
    method: 'GET',
    protocol: 'https:',
    hostname,
    path: '/',
    query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
    headers: { host: hostname, 'x-k8s-aws-id': cluster },
  };
  const presigned = await signer.presign(request as never, {
    expiresIn: TOKEN_SECONDS,
    signableHeaders: new Set(['x-k8s-aws-id']),
    unhoistableHeaders: new Set(['x-k8s-aws-id']),
  });
  const query = Object.entries(presigned.query as Readonly<Record<string, string>>);
  const address = `https://${hostname}/?${query.map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`).join('&')}`;
  return `k8s-aws-v1.${Buffer.from(address).toString('base64url')}`;
}

export const getAddonVersion: FunctionDefinition = {
  token: 'aws:eks/getAddonVersion:getAddonVersion',
  async invoke({ aws, args }) {
    const [addonName, kubernetesVersion] = [asText(args.addonName) ?? '', asText(args.kubernetesVersion) ?? ''];
    const { addons = [] } = await (await aws.client('eks')).describeAddonVersions({ addonName, kubernetesVersion });
    const versions = addons[0]?.addonVersions ?? [];
    // The newest comes first; another one may be the cluster's default.
    const isDefault = versions.find((one) => one.compatibilities?.some(({ defaultVersion }) => defaultVersion));
    const chosen = args.mostRecent === true ? versions[0] : (isDefault ?? versions[0]);
    if (!chosen?.addonVersion)
      throw new ProviderError(
        `Cannot find a version of add-on ${addonName} for Kubernetes ${kubernetesVersion}. Check both names.`,
      );
    const answer: PlainMap = { addonName, kubernetesVersion, version: chosen.addonVersion, id: addonName };
    return { ...answer, region: aws.configuration.region, ...(args.mostRecent === true && { mostRecent: true }) };
  },
};
