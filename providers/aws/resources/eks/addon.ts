import type { Addon } from '@aws-sdk/client-eks';
import { ProviderError } from '../../../../protocol/provider.ts';
import type { AwsCalls } from '../../clients.ts';
import type { ExistingCall, PlainMap, ResourceDefinition } from '../../definition.ts';
import { unlessGone } from '../../failures.ts';
import { asMap, asMaps, asText } from '../../plain-values.ts';
import { deletePatiently, retryWhile, waitFor } from '../../wait.ts';
import { eksTags, splitEksId, untilTrusted, waitForUpdate } from './eks-calls.ts';

const CONFLICTS = ['NONE', 'OVERWRITE', 'PRESERVE'];

/** https://www.pulumi.com/registry/packages/aws/api-docs/eks/addon/ ; imported by `<cluster>:<add-on>`. */
export const addon: ResourceDefinition = {
  type: 'aws:eks/addon:Addon',
  tags: eksTags((call) => asText(call.state.arn)),
  timeouts: { create: 1200, update: 1200, delete: 2400 },
  properties: {
    clusterName: { kind: 'string', required: true, replaces: true },
    addonName: { kind: 'string', required: true, replaces: true },
    addonVersion: { kind: 'string', computed: true },
    configurationValues: { kind: 'string', computed: true, json: true },
    namespaceConfig: { kind: 'object', parts: ['namespace'], computed: true, replaces: true },
    podIdentityAssociations: { kind: 'list', parts: ['roleArn', 'serviceAccount'], unordered: true },
    preserve: { kind: 'boolean', writeOnly: true },
    resolveConflictsOnCreate: { kind: 'string', writeOnly: true, oneOf: CONFLICTS.slice(0, 2) },
    resolveConflictsOnUpdate: { kind: 'string', writeOnly: true, oneOf: CONFLICTS },
    serviceAccountRoleArn: { kind: 'string' },
    tags: { kind: 'map' },
    tagsAll: { kind: 'map', output: true },
    arn: { kind: 'string', output: true },
    createdAt: { kind: 'string', output: true },
    modifiedAt: { kind: 'string', output: true },
  },
  async create(call) {
    const { inputs, allTags } = call;
    const eks = await call.aws.client('eks');
    const request = {
      ...settingsOf(inputs),
      clusterName: inputs.clusterName as string,
      addonName: inputs.addonName as string,
      ...(inputs.namespaceConfig && { namespaceConfig: asMap(inputs.namespaceConfig) as { namespace: string } }),
      ...conflicts(inputs.resolveConflictsOnCreate),
      tags: { ...allTags },
    };
    await retryWhile(`the role of add-on ${request.addonName} to be known`, call, {
      again: untilTrusted(call),
      run: () => eks.createAddon(request),
    });
    return `${request.clusterName}:${request.addonName}`;
  },
  async ready(call) {
    await waitFor(`add-on ${call.id} to be active`, call, async () => {
      const found = await describe(call);
      if (found?.status === 'CREATE_FAILED' || found?.status === 'UPDATE_FAILED') throw failed(call.id, found);
      return found?.status === 'ACTIVE' ? true : undefined;
    });
  },
  updates: [
    {
      properties: ['addonVersion', 'configurationValues', 'podIdentityAssociations', 'serviceAccountRoleArn'],
      apply: update,
    },
  ],
  async read(call) {
    const found = await describe(call);
    if (!found || found.status === 'DELETING') return undefined;
    return {
      clusterName: found.clusterName,
      addonName: found.addonName,
      addonVersion: found.addonVersion,
      configurationValues: found.configurationValues ?? '',
      podIdentityAssociations: await identitiesOf(call.aws, found),
      serviceAccountRoleArn: found.serviceAccountRoleArn,
      namespaceConfig: found.namespaceConfig ? { namespace: found.namespaceConfig.namespace ?? '' } : undefined,
      arn: found.addonArn,
      createdAt: found.createdAt?.toISOString(),
      modifiedAt: found.modifiedAt?.toISOString(),
      tags: found.tags ?? {},
    };
  },
  async delete(call) {
    const [clusterName, addonName] = splitEksId(call.id);
    const eks = await call.aws.client('eks');
    const preserve = call.inputs.preserve === true;
    await deletePatiently(`add-on ${call.id}`, call, () => eks.deleteAddon({ clusterName, addonName, preserve }));
    await waitFor(`add-on ${call.id} to be gone`, call, async () =>
      (await describe(call)) === undefined ? true : undefined,
    );
  },
};

function conflicts(value: unknown): { readonly resolveConflicts?: 'NONE' | 'OVERWRITE' | 'PRESERVE' } {
  return typeof value === 'string' ? { resolveConflicts: value as 'NONE' } : {};
}

function settingsOf(inputs: PlainMap) {
  const identities = asMaps(inputs.podIdentityAssociations);
  return {
    ...(asText(inputs.addonVersion) && { addonVersion: asText(inputs.addonVersion)! }),
    ...(asText(inputs.configurationValues) && { configurationValues: asText(inputs.configurationValues)! }),
    ...(asText(inputs.serviceAccountRoleArn) && { serviceAccountRoleArn: asText(inputs.serviceAccountRoleArn)! }),
    ...(identities.length > 0 && {
      podIdentityAssociations: identities.map(({ serviceAccount, roleArn }) => ({
        serviceAccount: asText(serviceAccount),
        roleArn: asText(roleArn),
      })),
    }),
  };
}

async function update(call: ExistingCall): Promise<void> {
  const [clusterName, addonName] = splitEksId(call.id);
  const eks = await call.aws.client('eks');
  const request = {
    // What the program took out goes back to the add-on's own defaults.
    configurationValues: '',
    podIdentityAssociations: [],
    ...settingsOf(call.inputs),
    ...conflicts(call.inputs.resolveConflictsOnUpdate),
    clusterName,
    addonName,
  };
  const start = async () => (await eks.updateAddon(request)).update;
  await waitForUpdate({ ...call, what: `add-on ${call.id}`, start, place: { name: clusterName, addonName } });
}

async function describe({ aws, id }: ExistingCall): Promise<Addon | undefined> {
  const [clusterName, addonName] = splitEksId(id);
  return (await unlessGone((await aws.client('eks')).describeAddon({ clusterName, addonName })))?.addon;
}

/** An add-on names its associations by ARN only. */
async function identitiesOf(aws: AwsCalls, found: Addon): Promise<readonly PlainMap[]> {
  const eks = await aws.client('eks');
  const ids = (found.podIdentityAssociations ?? []).map((arn) => arn.split('/').at(-1)!);
  const all = await Promise.all(
    ids.map((associationId) =>
      unlessGone(eks.describePodIdentityAssociation({ clusterName: found.clusterName, associationId })),
    ),
  );
  return all.flatMap((one) =>
    one?.association
      ? [{ serviceAccount: one.association.serviceAccount ?? '', roleArn: one.association.roleArn ?? '' }]
      : [],
  );
}

function failed(id: string, found: Addon): ProviderError {
  const issues = (found.health?.issues ?? []).map(({ code, message }) => `${code}: ${message}`);
  return new ProviderError(`Cannot bring add-on ${id} up as EKS says ${found.status}: ${issues.join('; ')}.`);
}
