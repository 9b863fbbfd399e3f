import type { ExistingCall, PlainMap, ResourceDefinition } from '../../definition.ts';
import { AwsFailure, unlessGone } from '../../failures.ts';
import { asList, asText } from '../../plain-values.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/secretsmanager/secretversion/ ; imported by `<secret ARN>|<version id>`. */
export const secretVersion: ResourceDefinition = {
  type: 'aws:secretsmanager/secretVersion:SecretVersion',
  properties: {
    secretId: { kind: 'string', required: true, replaces: true },
    secretString: { kind: 'string', secret: true, replaces: true },
    secretBinary: { kind: 'string', secret: true, replaces: true },
    versionStages: { kind: 'list', computed: true, unordered: true },
    arn: { kind: 'string', output: true },
    secretArn: { kind: 'string', output: true },
    versionId: { kind: 'string', output: true },
    hasSecretStringWo: { kind: 'boolean', output: true },
  },
  validate: ({ secretString, secretBinary }) =>
    [secretString, secretBinary].filter((one) => one !== undefined && one !== null).length === 1
      ? []
      : ['exactly one of secretString and secretBinary is needed.'],
  async create({ aws, inputs }) {
    const binary = asText(inputs.secretBinary);
    const stages = asList(inputs.versionStages);
    const made = await (await aws.client('secretsmanager')).putSecretValue({
      SecretId: inputs.secretId as string,
      // A second try of the same call is the same version.
      ClientRequestToken: crypto.randomUUID(),
      ...(binary ? { SecretBinary: Buffer.from(binary, 'base64') } : { SecretString: inputs.secretString as string }),
      ...(stages.length > 0 && { VersionStages: [...stages] }),
    });
    return `${made.ARN}|${made.VersionId}`;
  },
  updates: [{ properties: ['versionStages'], apply: updateStages }],
  async read({ aws, id, inputs }) {
    const { SecretId, VersionId } = splitVersion(id);
    const found = await unlessGone(
      (await aws.client('secretsmanager')).getSecretValue({ SecretId, VersionId }).catch(asGone),
    );
    if (!found) return undefined;
    return {
      // The secret was given by its name or by its ARN: either stays.
      secretId: asText(inputs.secretId) ?? SecretId,
      secretString: found.SecretString,
      secretBinary: found.SecretBinary && Buffer.from(found.SecretBinary).toString('base64'),
      versionStages: found.VersionStages ?? [],
      arn: found.ARN,
      secretArn: found.ARN,
      versionId: found.VersionId,
      hasSecretStringWo: false,
    };
  },
  async delete(call) {
    const { SecretId, VersionId } = splitVersion(call.id);
    const manager = await call.aws.client('secretsmanager');
    const found = await unlessGone(manager.describeSecret({ SecretId }));
    const stages = found?.VersionIdsToStages?.[VersionId] ?? [];
    // A version without a stage goes by itself; the current one stays until the secret is deleted or has another.
    for (const VersionStage of stages.filter((stage) => stage !== 'AWSCURRENT'))
      await unlessGone(manager.updateSecretVersionStage({ SecretId, VersionStage, RemoveFromVersionId: VersionId }));
  },
};

/** A secret that waits for its deletion has no value to be read. */
function asGone(error: unknown): undefined {
  if (error instanceof AwsFailure && /marked (for deletion|deleted)|scheduled for deletion/i.test(error.reason))
    return undefined;
  throw error;
}

function splitVersion(id: string): { readonly SecretId: string; readonly VersionId: string } {
  const [SecretId = '', VersionId = ''] = id.split('|');
  return { SecretId, VersionId };
}

async function updateStages({ aws, id, inputs, old }: ExistingCall & { readonly old: PlainMap }): Promise<void> {
  const { SecretId, VersionId } = splitVersion(id);
  const manager = await aws.client('secretsmanager');
  const [before, wanted] = [asList(old.versionStages), asList(inputs.versionStages)];
  const holders = (await manager.describeSecret({ SecretId })).VersionIdsToStages ?? {};
  for (const VersionStage of wanted.filter((stage) => !before.includes(stage))) {
    const holder = Object.entries(holders).find(([, stages]) => stages.includes(VersionStage))?.[0];
    if (holder === VersionId) continue;
    const RemoveFromVersionId = holder;
    await manager.updateSecretVersionStage({ SecretId, VersionStage, MoveToVersionId: VersionId, RemoveFromVersionId });
  }
  for (const VersionStage of before.filter((stage) => !wanted.includes(stage) && stage !== 'AWSCURRENT'))
    await manager.updateSecretVersionStage({ SecretId, VersionStage, RemoveFromVersionId: VersionId });
}
