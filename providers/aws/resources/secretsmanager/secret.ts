import type { ExistingCall, PlainMap, ResourceDefinition } from '../../definition.ts';
import { AwsFailure, unlessGone } from '../../failures.ts';
import { asMaps, asText } from '../../plain-values.ts';
import { fromTagList, toTagList } from '../../tags.ts';
import { retryWhile, waitFor } from '../../wait.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/secretsmanager/secret/ ; imported by its ARN. */
export const secret: ResourceDefinition = {
  type: 'aws:secretsmanager/secret:Secret',
  autoname: { property: 'name', maxLength: 512 },
  properties: {
    name: { kind: 'string', replaces: true },
    namePrefix: { kind: 'string', replaces: true, writeOnly: true },
    description: { kind: 'string' },
    kmsKeyId: { kind: 'string' },
    policy: { kind: 'string', computed: true, json: true, afterCreate: true },
    forceOverwriteReplicaSecret: { kind: 'boolean', default: false, writeOnly: true },
    recoveryWindowInDays: { kind: 'number', default: 30, writeOnly: true },
    replicas: { kind: 'list', parts: ['kmsKeyId', 'region'], computed: true, unordered: true },
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    arn: { kind: 'string', output: true },
  },
  validate: ({ recoveryWindowInDays: days }) =>
    typeof days === 'number' && days !== 0 && (days < 7 || days > 30)
      ? [`recoveryWindowInDays is 0 (deleted at once) or from 7 to 30, not ${days}.`]
      : [],
  tags: {
    atCreate: true,
    async set({ aws, id }, tags) {
      await (await aws.client('secretsmanager')).tagResource({ SecretId: id, Tags: toTagList(tags) });
    },
    async remove({ aws, id }, keys) {
      await (await aws.client('secretsmanager')).untagResource({ SecretId: id, TagKeys: [...keys] });
    },
  },
  async create(call) {
    const { inputs, allTags } = call;
    const manager = await call.aws.client('secretsmanager');
    const replicas = asMaps(inputs.replicas);
    const request = {
      Name: inputs.name as string,
      ClientRequestToken: crypto.randomUUID(),
      ...(asText(inputs.description) && { Description: asText(inputs.description)! }),
      ...(asText(inputs.kmsKeyId) && { KmsKeyId: asText(inputs.kmsKeyId)! }),
      ...(Object.keys(allTags).length > 0 && { Tags: toTagList(allTags) }),
      ...(replicas.length > 0 && {
        AddReplicaRegions: replicas.map(({ region, kmsKeyId }) => ({
          Region: asText(region),
          KmsKeyId: asText(kmsKeyId),
        })),
        ForceOverwriteReplicaSecret: inputs.forceOverwriteReplicaSecret === true,
      }),
    };
    // A secret deleted at once keeps its name for some seconds; one with a recovery window keeps it until that is over.
    const shortly = { ...call, deadline: Math.min(call.deadline, Date.now() + 30_000) };
    const made = await retryWhile(`the name ${request.Name} to be free`, shortly, {
      again: (error) =>
        error instanceof AwsFailure &&
        error.code === 'InvalidRequestException' &&
        /scheduled for deletion/i.test(error.reason) &&
        inputs.recoveryWindowInDays === 0,
      run: () => manager.createSecret(request),
    });
    return made.ARN!;
  },
  updates: [
    { properties: ['description', 'kmsKeyId'], apply: updateSecret },
    { properties: ['policy'], apply: updatePolicy },
    { properties: ['replicas'], apply: updateReplicas },
  ],
  async read({ aws, id }) {
    const manager = await aws.client('secretsmanager');
    const found = await unlessGone(manager.describeSecret({ SecretId: id }));
    if (!found || found.DeletedDate) return undefined;
    const policy = await unlessGone(manager.getResourcePolicy({ SecretId: id }));
    return {
      name: found.Name,
      description: found.Description ?? '',
      kmsKeyId: found.KmsKeyId,
      policy: policy?.ResourcePolicy,
      replicas: (found.ReplicationStatus ?? []).map(({ Region, KmsKeyId }) => ({
        region: Region ?? '',
        ...(KmsKeyId && { kmsKeyId: KmsKeyId }),
      })),
      arn: found.ARN,
      tags: fromTagList(found.Tags),
    };
  },
  async delete(call) {
    const manager = await call.aws.client('secretsmanager');
    const replicas = asMaps(call.state.replicas).flatMap(({ region }) => asText(region) ?? []);
    if (replicas.length > 0)
      await unlessGone(manager.removeRegionsFromReplication({ SecretId: call.id, RemoveReplicaRegions: replicas }));
    const days = call.inputs.recoveryWindowInDays;
    const how =
      typeof days === 'number' && days > 0 ? { RecoveryWindowInDays: days } : { ForceDeleteWithoutRecovery: true };
    await unlessGone(manager.deleteSecret({ SecretId: call.id, ...how }));
    await waitFor(`secret ${call.id} to be gone`, call, async () => {
      const found = await unlessGone(manager.describeSecret({ SecretId: call.id }));
      return !found || found.DeletedDate ? true : undefined;
    });
  },
};

async function updateSecret({ aws, id, inputs }: ExistingCall): Promise<void> {
  await (await aws.client('secretsmanager')).updateSecret({
    SecretId: id,
    ClientRequestToken: crypto.randomUUID(),
    Description: asText(inputs.description) ?? '',
    KmsKeyId: asText(inputs.kmsKeyId) ?? '',
  });
}

async function updatePolicy({ aws, id, inputs }: ExistingCall): Promise<void> {
  const manager = await aws.client('secretsmanager');
  const policy = asText(inputs.policy);
  if (policy && policy !== '{}') await manager.putResourcePolicy({ SecretId: id, ResourcePolicy: policy });
  else await unlessGone(manager.deleteResourcePolicy({ SecretId: id }));
}

async function updateReplicas({ aws, id, inputs, old }: ExistingCall & { readonly old: PlainMap }): Promise<void> {
  const manager = await aws.client('secretsmanager');
  const regions = (list: PlainMap) => asMaps(list.replicas).flatMap(({ region }) => asText(region) ?? []);
  const gone = regions(old).filter((region) => !regions(inputs).includes(region));
  if (gone.length > 0) await manager.removeRegionsFromReplication({ SecretId: id, RemoveReplicaRegions: gone });
  const added = asMaps(inputs.replicas).filter(({ region }) => !regions(old).includes(String(region)));
  if (added.length === 0) return;
  await manager.replicateSecretToRegions({
    SecretId: id,
    AddReplicaRegions: added.map(({ region, kmsKeyId }) => ({ Region: asText(region), KmsKeyId: asText(kmsKeyId) })),
    ForceOverwriteReplicaSecret: inputs.forceOverwriteReplicaSecret === true,
  });
}
