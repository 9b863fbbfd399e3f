import * as cloudwatch from '@pulumi/aws/cloudwatch';
import * as eks from '@pulumi/aws/eks';
import * as iam from '@pulumi/aws/iam';
import * as kms from '@pulumi/aws/kms';
import * as pulumi from '@pulumi/pulumi';
import { stackTags } from '../../component';
import type { ClusterOutputs } from '../cluster';
import { createAccess } from './access';
import { planAddons } from './addon-order';
import { createAddons } from './addons';
import type { EksArgs } from './eks-args';
import { kubeconfigOf } from './kubeconfig';
import { createNodeGroups } from './node-groups';
import { attach, createRole } from './service-role';

const CONTROL_PLANE_LOGS = ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'];

/**
 * An EKS cluster: key, log, role, control plane, the add-ons that nodes wait for, nodes, other add-ons, access; created and
 * upgraded in this order, as each waits for the one before.
 */
export function createEks(name: string, args: EksArgs, parent: pulumi.Resource): ClusterOutputs {
  const context = { name, args, parent };
  const cluster = createControlPlane(context);
  const oidc = createOidcProvider(context, cluster);
  const addons = planAddons(args.addons ?? {});
  const surroundings = { parent, cluster, args, made: new Map<string, eks.Addon>() };
  const inPhase = (afterNodes: boolean) => addons.filter((addon) => addon.afterNodes === afterNodes);
  const early = createAddons(name, inPhase(false), { ...surroundings, nodes: [] });
  const nodes = createNodeGroups(name, args, { parent, cluster, after: early });
  const late = createAddons(name, inPhase(true), { ...surroundings, nodes });
  const access = createAccess(name, args, { parent, cluster });
  return {
    kubeconfig: kubeconfigOf(cluster),
    endpoint: cluster.endpoint,
    certificateAuthority: cluster.certificateAuthority.data,
    oidcProviderArn: oidc.arn,
    eksName: cluster.name,
    ready: [...nodes, ...late, ...access],
  };
}

interface Context {
  readonly name: string;
  readonly args: EksArgs;
  readonly parent: pulumi.Resource;
}

function createControlPlane({ name, args, parent }: Context): eks.Cluster {
  const tags = stackTags(name, args.tags);
  const key = new kms.Key(
    name,
    {
      description: `Secrets of the Kubernetes cluster ${name}`,
      enableKeyRotation: true,
      deletionWindowInDays: 30,
      tags,
    },
    { parent },
  );
  const role = createRole(`${name}-control-plane`, { service: 'eks.amazonaws.com', parent, tags });
  const policy = attach(`${name}-control-plane`, role, { policy: 'AmazonEKSClusterPolicy', parent });
  // EKS makes the group itself where it is missing, and then it is kept forever: make it first.
  const clusterName = `${pulumi.getStack()}-${name}`;
  const log = new cloudwatch.LogGroup(
    name,
    { name: `/aws/eks/${clusterName}/cluster`, retentionInDays: args.logRetentionDays ?? 90, tags },
    { parent },
  );
  return new eks.Cluster(
    name,
    {
      name: clusterName,
      version: args.version,
      roleArn: role.arn,
      vpcConfig: { subnetIds: args.subnetIds as pulumi.Input<pulumi.Input<string>[]>, ...endpointAccess(args) },
      // The identity that runs updates stays administrator; everybody else comes by access entries.
      accessConfig: { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: true },
      bootstrapSelfManagedAddons: false,
      encryptionConfig: { provider: { keyArn: key.arn }, resources: ['secrets'] },
      enabledClusterLogTypes: CONTROL_PLANE_LOGS,
      upgradePolicy: { supportType: 'STANDARD' },
      tags,
    },
    { parent, dependsOn: [policy, log] },
  );
}

function endpointAccess(args: EksArgs): {
  readonly endpointPrivateAccess: boolean;
  readonly endpointPublicAccess: boolean;
  readonly publicAccessCidrs?: string[];
} {
  if (args.endpoint === undefined || args.endpoint === 'private') {
    return { endpointPrivateAccess: true, endpointPublicAccess: false };
  }
  const { allowedCidrs } = args.endpoint;
  const open = allowedCidrs.find((cidr) => cidr.endsWith('/0'));
  if (allowedCidrs.length > 0 && open === undefined) {
    return { endpointPrivateAccess: true, endpointPublicAccess: true, publicAccessCidrs: [...allowedCidrs] };
  }
  throw new Error(
    `Cannot open the Kubernetes API to everybody: ${open ?? 'no address'}. Name the addresses that may reach it in ` +
      'endpoint.allowedCidrs, or set endpoint: private.',
  );
}

function createOidcProvider({ name, args, parent }: Context, cluster: eks.Cluster): iam.OpenIdConnectProvider {
  const url = cluster.identities.apply((identities) => identities[0]?.oidcs?.[0]?.issuer ?? '');
  return new iam.OpenIdConnectProvider(
    name,
    { url, clientIdLists: ['sts.amazonaws.com'], tags: stackTags(name, args.tags) },
    { parent },
  );
}
