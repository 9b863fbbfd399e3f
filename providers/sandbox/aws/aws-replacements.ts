import type { SdkFacts } from '../facts/sdk-facts.ts';

/**
 * Inputs that a cloud cannot change in place, by type without `aws:`; paths as in diffs. The published types do not say it, so these
 * are the documented behaviours of the API operations: what has no `Modify`/`Update` call is replaced.
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
  'ec2/defaultSecurityGroup:DefaultSecurityGroup': ['vpcId'],
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
  'eks/addon:Addon': ['clusterName', 'addonName', 'namespaceConfig'],
  'eks/fargateProfile:FargateProfile': [
    'clusterName',
    'fargateProfileName',
    'podExecutionRoleArn',
    'selectors',
    'subnetIds',
  ],
  'eks/accessEntry:AccessEntry': ['clusterName', 'principalArn', 'type'],
  'eks/accessPolicyAssociation:AccessPolicyAssociation': ['clusterName', 'principalArn', 'policyArn', 'accessScope'],
  'eks/podIdentityAssociation:PodIdentityAssociation': ['clusterName', 'namespace', 'serviceAccount'],
  'iam/role:Role': ['name', 'namePrefix', 'path'],
  'iam/policy:Policy': ['name', 'namePrefix', 'path', 'description'],
  'iam/rolePolicyAttachment:RolePolicyAttachment': ['role', 'policyArn'],
  'iam/rolePolicy:RolePolicy': ['role', 'name', 'namePrefix'],
  'iam/openIdConnectProvider:OpenIdConnectProvider': ['url'],
  'iam/instanceProfile:InstanceProfile': ['name', 'namePrefix', 'path'],
  'kms/key:Key': ['customerMasterKeySpec', 'keyUsage', 'multiRegion'],
  'kms/alias:Alias': ['name', 'namePrefix'],
  'cloudwatch/logGroup:LogGroup': ['name', 'namePrefix', 'logGroupClass'],
  'ecr/repository:Repository': ['name', 'encryptionConfigurations'],
  'ecr/lifecyclePolicy:LifecyclePolicy': ['repository'],
  'ecr/repositoryPolicy:RepositoryPolicy': ['repository'],
  'route53/zone:Zone': ['name', 'delegationSetId'],
  'route53/record:Record': ['zoneId', 'name', 'setIdentifier'],
  'acm/certificate:Certificate': [
    'domainName',
    'subjectAlternativeNames',
    'validationMethod',
    'keyAlgorithm',
    'validationOptions',
    'certificateAuthorityArn',
  ],
  'acm/certificateValidation:CertificateValidation': ['certificateArn', 'validationRecordFqdns'],
  's3/bucket:Bucket': ['bucket', 'bucketPrefix', 'objectLockEnabled'],
  'sqs/queue:Queue': ['name', 'namePrefix', 'fifoQueue'],
  'sns/topic:Topic': ['name', 'namePrefix', 'fifoTopic'],
  'dynamodb/table:Table': ['name', 'hashKey', 'rangeKey', 'localSecondaryIndexes'],
  'secretsmanager/secretVersion:SecretVersion': ['secretId', 'secretString', 'secretBinary'],
  'ec2/eip:Eip': ['domain', 'publicIpv4Pool', 'networkBorderGroup', 'customerOwnedIpv4Pool', 'address'],
  'ec2/defaultRouteTable:DefaultRouteTable': ['defaultRouteTableId'],
  'ec2/tag:Tag': ['resourceId', 'key'],
  'ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation': [
    'vpcId',
    'cidrBlock',
    'ipv4IpamPoolId',
    'ipv4NetmaskLength',
  ],
  'ec2/instance:Instance': ['ami', 'availabilityZone', 'subnetId', 'keyName', 'placementGroup', 'tenancy', 'privateIp'],
  'ebs/volume:Volume': ['availabilityZone', 'encrypted', 'kmsKeyId', 'snapshotId'],
  'lb/loadBalancer:LoadBalancer': ['name', 'namePrefix', 'internal', 'loadBalancerType', 'customerOwnedIpv4Pool'],
  'lb/targetGroup:TargetGroup': [
    'name',
    'namePrefix',
    'port',
    'protocol',
    'protocolVersion',
    'targetType',
    'vpcId',
    'ipAddressType',
  ],
  'rds/instance:Instance': [
    'identifier',
    'identifierPrefix',
    'engine',
    'username',
    'availabilityZone',
    'characterSetName',
    'kmsKeyId',
    'storageEncrypted',
    'snapshotIdentifier',
    'replicateSourceDb',
  ],
  'rds/cluster:Cluster': [
    'clusterIdentifier',
    'clusterIdentifierPrefix',
    'engine',
    'databaseName',
    'masterUsername',
    'availabilityZones',
    'kmsKeyId',
    'storageEncrypted',
    'snapshotIdentifier',
  ],
  'lambda/function:Function': ['name', 'packageType'],
};

/** Names, by whatever word a service has for them. */
const NAMES = [
  ...['name', 'namePrefix', 'bucketPrefix', 'identifier', 'identifierPrefix', 'clusterIdentifier', 'clusterId'],
  ...['functionName', 'tableName', 'streamName', 'domainName', 'workspaceName'],
];

/**
 * Where a resource is: nothing is moved from one network, cluster, bucket or API to another. Taken for true of required inputs only, as
 * optional ones of these names are often mere references.
 */
const PLACES: ReadonlySet<string> = new Set([
  ...[
    'vpcId',
    'subnetId',
    'clusterName',
    'clusterIdentifier',
    'clusterArn',
    'restApi',
    'restApiId',
    'apiId',
    'bucket',
    'functionName',
  ],
  ...[
    'userPoolId',
    'identityPoolId',
    'zoneId',
    'hostedZoneId',
    'fileSystemId',
    'repository',
    'repositoryName',
    'queueUrl',
  ],
  ...[
    'topicArn',
    'user',
    'userName',
    'group',
    'groupName',
    'loadBalancerArn',
    'listenerArn',
    'targetGroupArn',
    'instanceId',
  ],
  ...[
    'transitGatewayId',
    'transitGatewayAttachmentId',
    'transitGatewayRouteTableId',
    'volumeId',
    'availabilityZone',
    'resourceId',
  ],
  ...[
    'resourceArn',
    'secretId',
    'secretArn',
    'policyArn',
    'tableName',
    'streamName',
    'namespaceId',
    'directoryId',
    'workspaceId',
  ],
  ...[
    'parentId',
    'securityGroupId',
    'networkInterfaceId',
    'routeTableId',
    'networkAclId',
    'internetGatewayId',
    'vpcEndpointId',
  ],
]);

/** The inputs of a type of which any change makes a new resource: listed here, or else as its SDK says and names them. */
export function replacingInputs(type: string, facts: SdkFacts): readonly string[] {
  const listed = REPLACING[type.replace(/^aws:/, '')];
  if (listed) return [...listed, 'region'];
  const inputs = facts.inputs(type);
  if (!inputs) return [...NAMES, 'region'];
  const own = Object.entries(inputs).filter(
    ([name, { required }]) => NAMES.includes(name) || (required && PLACES.has(name)),
  );
  return ['region', ...own.map(([name]) => name), ...facts.replacing(type)];
}

/** The changed paths that make a replacement necessary. */
export function replacingPaths(type: string, changed: readonly string[], facts: SdkFacts): readonly string[] {
  const rules = replacingInputs(type, facts);
  return changed.filter((path) =>
    rules.some((rule) => path === rule || path.startsWith(`${rule}.`) || path.startsWith(`${rule}[`)),
  );
}
