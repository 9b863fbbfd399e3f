import { isNew } from '../../create-once.ts';
import type { ExistingCall, ResourceCall, ResourceDefinition } from '../../definition.ts';
import { unlessGone } from '../../failures.ts';
import { asText } from '../../plain-values.ts';

const toKmsTags = (tags: Readonly<Record<string, string>>) =>
  Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));

/** https://www.pulumi.com/registry/packages/aws/api-docs/kms/key/ ; imported by its id. */
export const key: ResourceDefinition = {
  type: 'aws:kms/key:Key',
  lostCreate: { id: findNewest },
  properties: {
    description: { kind: 'string', computed: true },
    keyUsage: { kind: 'string', default: 'ENCRYPT_DECRYPT', replaces: true },
    customerMasterKeySpec: { kind: 'string', default: 'SYMMETRIC_DEFAULT', replaces: true },
    multiRegion: { kind: 'boolean', computed: true, replaces: true },
    policy: { kind: 'string', computed: true, json: true },
    enableKeyRotation: { kind: 'boolean', default: false, afterCreate: true },
    isEnabled: { kind: 'boolean', default: true },
    deletionWindowInDays: { kind: 'number', writeOnly: true },
    bypassPolicyLockoutSafetyCheck: { kind: 'boolean', default: false, writeOnly: true },
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    arn: { kind: 'string', output: true },
    keyId: { kind: 'string', output: true },
  },
  validate: ({ deletionWindowInDays: days }) =>
    typeof days === 'number' && (days < 7 || days > 30) ? [`deletionWindowInDays is from 7 to 30, not ${days}.`] : [],
  tags: {
    atCreate: true,
    async set({ aws, id }, tags) {
      const { TagResourceCommand } = await import('@aws-sdk/client-kms');
      await (await aws.client('kms')).send(new TagResourceCommand({ KeyId: id, Tags: toKmsTags(tags) }));
    },
    async remove({ aws, id }, keys) {
      const { UntagResourceCommand } = await import('@aws-sdk/client-kms');
      await (await aws.client('kms')).send(new UntagResourceCommand({ KeyId: id, TagKeys: [...keys] }));
    },
  },
  async create({ aws, inputs, allTags }) {
    const { CreateKeyCommand } = await import('@aws-sdk/client-kms');
    const made = await (await aws.client('kms')).send(
      new CreateKeyCommand({
        Description: asText(inputs.description),
        KeyUsage: inputs.keyUsage as 'ENCRYPT_DECRYPT',
        KeySpec: inputs.customerMasterKeySpec as 'SYMMETRIC_DEFAULT',
        MultiRegion: inputs.multiRegion === true,
        Policy: asText(inputs.policy),
        BypassPolicyLockoutSafetyCheck: inputs.bypassPolicyLockoutSafetyCheck === true,
        Tags: toKmsTags(allTags),
      }),
    );
    return made.KeyMetadata!.KeyId!;
  },
  updates: [
    { properties: ['description'], apply: updateDescription },
    { properties: ['policy'], apply: updatePolicy },
    { properties: ['enableKeyRotation'], apply: updateRotation },
    { properties: ['isEnabled'], apply: updateEnabled },
  ],
  read: readKey,
  async delete({ aws, id, inputs }) {
    const { ScheduleKeyDeletionCommand } = await import('@aws-sdk/client-kms');
    const kms = await aws.client('kms');
    if ((await describe({ aws, id }))?.KeyState === 'PendingDeletion') return;
    const days = typeof inputs.deletionWindowInDays === 'number' ? inputs.deletionWindowInDays : 30;
    await unlessGone(kms.send(new ScheduleKeyDeletionCommand({ KeyId: id, PendingWindowInDays: days })));
  },
};

async function describe({ aws, id }: Pick<ExistingCall, 'aws' | 'id'>) {
  const { DescribeKeyCommand } = await import('@aws-sdk/client-kms');
  return (await unlessGone((await aws.client('kms')).send(new DescribeKeyCommand({ KeyId: id }))))?.KeyMetadata;
}

/** A key that waits for its deletion is gone. */
async function readKey({ aws, id }: ExistingCall) {
  const metadata = await describe({ aws, id });
  if (!metadata || metadata.KeyState === 'PendingDeletion') return undefined;
  const { GetKeyPolicyCommand, GetKeyRotationStatusCommand, ListResourceTagsCommand } = await import(
    '@aws-sdk/client-kms'
  );
  const kms = await aws.client('kms');
  const symmetric = metadata.KeySpec === 'SYMMETRIC_DEFAULT';
  const [policy, rotation, tags] = await Promise.all([
    kms.send(new GetKeyPolicyCommand({ KeyId: id, PolicyName: 'default' })),
    symmetric ? kms.send(new GetKeyRotationStatusCommand({ KeyId: id })) : undefined,
    kms.send(new ListResourceTagsCommand({ KeyId: id })),
  ]);
  return {
    description: metadata.Description,
    keyUsage: metadata.KeyUsage,
    customerMasterKeySpec: metadata.KeySpec,
    multiRegion: metadata.MultiRegion ?? false,
    policy: policy.Policy,
    enableKeyRotation: rotation?.KeyRotationEnabled ?? false,
    isEnabled: metadata.Enabled,
    arn: metadata.Arn,
    keyId: metadata.KeyId,
    tags: Object.fromEntries((tags.Tags ?? []).map(({ TagKey, TagValue }) => [TagKey, TagValue ?? ''])),
  };
}

async function updateDescription({ aws, id, inputs }: ExistingCall): Promise<void> {
  const { UpdateKeyDescriptionCommand } = await import('@aws-sdk/client-kms');
  await (await aws.client('kms')).send(
    new UpdateKeyDescriptionCommand({ KeyId: id, Description: asText(inputs.description) ?? '' }),
  );
}

async function updatePolicy({ aws, id, inputs }: ExistingCall): Promise<void> {
  const { PutKeyPolicyCommand } = await import('@aws-sdk/client-kms');
  const policy = asText(inputs.policy);
  if (policy === undefined) return;
  const bypass = inputs.bypassPolicyLockoutSafetyCheck === true;
  await (await aws.client('kms')).send(
    new PutKeyPolicyCommand({
      KeyId: id,
      PolicyName: 'default',
      Policy: policy,
      BypassPolicyLockoutSafetyCheck: bypass,
    }),
  );
}

async function updateRotation({ aws, id, inputs }: ExistingCall): Promise<void> {
  const { DisableKeyRotationCommand, EnableKeyRotationCommand } = await import('@aws-sdk/client-kms');
  const kms = await aws.client('kms');
  if (inputs.enableKeyRotation === true) await kms.send(new EnableKeyRotationCommand({ KeyId: id }));
  else await kms.send(new DisableKeyRotationCommand({ KeyId: id }));
}

async function updateEnabled({ aws, id, inputs }: ExistingCall): Promise<void> {
  const { DisableKeyCommand, EnableKeyCommand } = await import('@aws-sdk/client-kms');
  const kms = await aws.client('kms');
  if (inputs.isEnabled === false) await kms.send(new DisableKeyCommand({ KeyId: id }));
  else await kms.send(new EnableKeyCommand({ KeyId: id }));
}

/** Keys have no names: the newest with the wanted description that was made since the operation began. */
async function findNewest({
  aws,
  inputs,
  started,
}: ResourceCall & { readonly started: number }): Promise<string | undefined> {
  const { paginateListKeys } = await import('@aws-sdk/client-kms');
  const wanted = asText(inputs.description) ?? '';
  for await (const page of paginateListKeys({ client: await aws.client('kms') }, {})) {
    for (const { KeyId: id = '' } of page.Keys ?? []) {
      const found = await describe({ aws, id });
      if (isNew(found?.CreationDate, started) && (found?.Description ?? '') === wanted && found?.Enabled) return id;
    }
  }
  return undefined;
}
