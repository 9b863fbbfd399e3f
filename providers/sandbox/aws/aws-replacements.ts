/**
 * Inputs that a cloud cannot change in place, by type without `aws:`; paths as in diffs. The published types do not say it, so these
 * are the documented behaviours of the API operations: what has no `Modify`/`Update` call is replaced. Of types not listed here a change
 * of name or region replaces, nothing else does.
 */
const REPLACING: Readonly<Record<string, readonly string[]>> = {
  'ec2/vpc:Vpc': ['cidrBlock', 'instanceTenancy', 'ipv4IpamPoolId', 'ipv4NetmaskLength'],
  'ec2/subnet:Subnet': ['vpcId', 'cidrBlock', 'availabilityZone', 'availabilityZoneId', 'outpostArn', 'ipv6Native'],
  'ec2/natGateway:NatGateway': ['subnetId', 'allocationId', 'connectivityType', 'privateIp'],
  'ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway': ['vpcId'],
  'ec2/routeTable:RouteTable': ['vpcId'],
  'ec2/routeTableAssociation:RouteTableAssociation': ['subnetId', 'gatewayId'],
  'ec2/route:Route': ['routeTableId', 'destinationCidrBlock', 'destinationIpv6CidrBlock', 'destinationPrefixListId'],
  'ec2/securityGroup:SecurityGroup': ['name', 'namePrefix', 'description', 'vpcId'],
  'ec2/securityGroupRule:SecurityGroupRule': [
    'securityGroupId',
    'type',
    'protocol',
    'fromPort',
    'toPort',
    'cidrBlocks',
    'ipv6CidrBlocks',
    'sourceSecurityGroupId',
    'self',
    'prefixListIds',
  ],
  'vpc/securityGroupIngressRule:SecurityGroupIngressRule': ['securityGroupId'],
  'vpc/securityGroupEgressRule:SecurityGroupEgressRule': ['securityGroupId'],
  'ec2/vpcEndpoint:VpcEndpoint': ['vpcId', 'serviceName', 'vpcEndpointType'],
  'ec2/flowLog:FlowLog': [
    'vpcId',
    'subnetId',
    'eniId',
    'trafficType',
    'logDestination',
    'logDestinationType',
    'logFormat',
    'iamRoleArn',
    'maxAggregationInterval',
  ],
  'ec2/launchTemplate:LaunchTemplate': ['name', 'namePrefix'],
  'eks/cluster:Cluster': [
    'name',
    'roleArn',
    'encryptionConfig',
    'kubernetesNetworkConfig.serviceIpv4Cidr',
    'kubernetesNetworkConfig.ipFamily',
    'bootstrapSelfManagedAddons',
    'accessConfig.bootstrapClusterCreatorAdminPermissions',
  ],
  'eks/nodeGroup:NodeGroup': [
    'clusterName',
    'nodeGroupName',
    'nodeGroupNamePrefix',
    'nodeRoleArn',
    'subnetIds',
    'amiType',
    'capacityType',
    'diskSize',
    'instanceTypes',
    'remoteAccess',
    'launchTemplate.name',
    'launchTemplate.id',
  ],
  'eks/addon:Addon': ['clusterName', 'addonName'],
  'eks/accessEntry:AccessEntry': ['clusterName', 'principalArn', 'type'],
  'eks/accessPolicyAssociation:AccessPolicyAssociation': ['clusterName', 'principalArn', 'policyArn', 'accessScope'],
  'eks/podIdentityAssociation:PodIdentityAssociation': ['clusterName', 'namespace', 'serviceAccount'],
  'iam/role:Role': ['name', 'namePrefix', 'path'],
  'iam/policy:Policy': ['name', 'namePrefix', 'path', 'description'],
  'iam/rolePolicyAttachment:RolePolicyAttachment': ['role', 'policyArn'],
  'iam/rolePolicy:RolePolicy': ['role', 'name', 'namePrefix'],
  'iam/openIdConnectProvider:OpenIdConnectProvider': ['url'],
  'kms/key:Key': ['customerMasterKeySpec', 'keyUsage', 'multiRegion'],
  'kms/alias:Alias': ['name', 'namePrefix'],
  'cloudwatch/logGroup:LogGroup': ['name', 'namePrefix', 'logGroupClass'],
  'ecr/repository:Repository': ['name', 'encryptionConfigurations'],
  'ecr/lifecyclePolicy:LifecyclePolicy': ['repository'],
  'ecr/repositoryPolicy:RepositoryPolicy': ['repository'],
  'route53/zone:Zone': ['name', 'delegationSetId'],
  'route53/record:Record': ['zoneId', 'name', 'type', 'setIdentifier'],
  'acm/certificate:Certificate': [
    'domainName',
    'subjectAlternativeNames',
    'validationMethod',
    'keyAlgorithm',
    'certificateAuthorityArn',
  ],
  'acm/certificateValidation:CertificateValidation': ['certificateArn', 'validationRecordFqdns'],
  's3/bucket:Bucket': ['bucket', 'bucketPrefix', 'objectLockEnabled'],
};

const BY_DEFAULT = ['name', 'namePrefix'];

/** The changed paths that make a replacement necessary. */
export function replacingPaths(type: string, changed: readonly string[]): readonly string[] {
  const rules = [...(REPLACING[type.replace(/^aws:/, '')] ?? BY_DEFAULT), 'region'];
  return changed.filter((path) =>
    rules.some((rule) => path === rule || path.startsWith(`${rule}.`) || path.startsWith(`${rule}[`)),
  );
}
