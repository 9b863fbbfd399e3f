import type { ExistingCall, PlainMap, ResourceCall, ResourceDefinition } from '../../definition.ts';
import { unlessGone } from '../../failures.ts';
import { asText } from '../../plain-values.ts';
import { fromTagList, toTagList } from '../../tags.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/ssm/parameter/ ; imported by its name. */
export const parameter: ResourceDefinition = {
  type: 'aws:ssm/parameter:Parameter',
  lostCreate: { id: ({ inputs }) => inputs.name as string },
  autoname: { property: 'name', maxLength: 1011 },
  properties: {
    name: { kind: 'string', replaces: true },
    // From secure to plain and back is a new parameter; the two plain kinds change in place.
    type: {
      kind: 'string',
      required: true,
      oneOf: ['String', 'StringList', 'SecureString'],
      replaces: (old, next) => old !== next && (old === 'SecureString' || next === 'SecureString'),
    },
    value: { kind: 'string', computed: true, secret: true },
    insecureValue: { kind: 'string' },
    allowedPattern: { kind: 'string' },
    dataType: { kind: 'string', computed: true },
    description: { kind: 'string' },
    keyId: { kind: 'string', computed: true },
    overwrite: { kind: 'boolean', writeOnly: true },
    tier: { kind: 'string', computed: true, oneOf: ['Standard', 'Advanced', 'Intelligent-Tiering'] },
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    arn: { kind: 'string', output: true },
    hasValueWo: { kind: 'boolean', output: true },
    version: { kind: 'number', output: true },
  },
  validate: ({ type, value, insecureValue }) => {
    const given = [value, insecureValue].filter((one) => one !== undefined && one !== null).length;
    if (given !== 1) return ['exactly one of value and insecureValue is needed.'];
    return insecureValue && type === 'SecureString'
      ? ['insecureValue is not for a SecureString: give it as value.']
      : [];
  },
  tags: {
    atCreate: false,
    async set({ aws, id }, tags) {
      const Tags = toTagList(tags);
      await (await aws.client('ssm')).addTagsToResource({ ResourceType: 'Parameter', ResourceId: id, Tags });
    },
    async remove({ aws, id }, keys) {
      const TagKeys = [...keys];
      await (await aws.client('ssm')).removeTagsFromResource({ ResourceType: 'Parameter', ResourceId: id, TagKeys });
    },
  },
  async create(call) {
    await put(call, call.inputs.overwrite === true);
    return call.inputs.name as string;
  },
  updates: [
    {
      properties: ['type', 'value', 'insecureValue', 'allowedPattern', 'dataType', 'description', 'keyId', 'tier'],
      apply: (call) => put(call, true),
    },
  ],
  read: readParameter,
  async delete({ aws, id }) {
    await unlessGone((await aws.client('ssm')).deleteParameter({ Name: id }));
  },
};

async function put({ aws, inputs }: ResourceCall, Overwrite: boolean): Promise<void> {
  const { type, description, keyId, allowedPattern, dataType, tier } = inputs;
  await (await aws.client('ssm')).putParameter({
    Name: inputs.name as string,
    Type: type as 'String',
    Value: (asText(inputs.value) ?? asText(inputs.insecureValue))!,
    Overwrite,
    Description: asText(description) ?? '',
    AllowedPattern: asText(allowedPattern) ?? '',
    ...(asText(keyId) && type === 'SecureString' && { KeyId: asText(keyId)! }),
    ...(asText(dataType) && { DataType: asText(dataType)! }),
    ...(asText(tier) && { Tier: tier as 'Standard' }),
  });
}

async function readParameter({ aws, id, inputs }: ExistingCall): Promise<PlainMap | undefined> {
  const ssm = await aws.client('ssm');
  const found = (await unlessGone(ssm.getParameter({ Name: id, WithDecryption: true })))?.Parameter;
  if (!found) return undefined;
  const [described, tagged] = await Promise.all([
    ssm.describeParameters({ ParameterFilters: [{ Key: 'Name', Option: 'Equals', Values: [id] }] }),
    ssm.listTagsForResource({ ResourceType: 'Parameter', ResourceId: id }),
  ]);
  const details = described.Parameters?.find(({ Name }) => Name === id);
  const plain = asText(inputs.insecureValue) !== undefined;
  return {
    name: found.Name,
    type: found.Type,
    value: found.Value,
    insecureValue: plain ? found.Value : undefined,
    allowedPattern: details?.AllowedPattern ?? '',
    dataType: found.DataType,
    description: details?.Description ?? '',
    keyId: details?.KeyId,
    tier: details?.Tier,
    arn: found.ARN,
    hasValueWo: false,
    version: found.Version,
    tags: fromTagList(tagged.TagList),
  };
}
