import * as eks from '@pulumi/aws/eks';
import type * as iam from '@pulumi/aws/iam';
import type * as pulumi from '@pulumi/pulumi';
import { stackTags } from '../../component';
import type { PlannedAddon } from './addon-order';
import type { EksArgs } from './eks-args';
import { attach, createRole } from './service-role';

interface Surroundings {
  readonly parent: pulumi.Resource;
  readonly cluster: eks.Cluster;
  readonly args: EksArgs;
}

/** Makes add-ons one after the other as far as they depend on each other. Those already made are in `made`, which gets the new ones. */
export function createAddons(
  name: string,
  planned: readonly PlannedAddon[],
  options: Surroundings & { readonly made: Map<string, eks.Addon>; readonly nodes: readonly pulumi.Resource[] },
): readonly eks.Addon[] {
  return planned.map((addon) => {
    const others = addon.after.map((other) => options.made.get(other)!);
    const after = [...others, ...(addon.afterNodes ? options.nodes : [])];
    const resource = createAddon(`${name}-${addon.name}`, addon, { ...options, after });
    options.made.set(addon.name, resource);
    return resource;
  });
}

function createAddon(
  name: string,
  addon: PlannedAddon,
  made: Surroundings & { readonly after: readonly pulumi.Resource[] },
): eks.Addon {
  const { args, parent, cluster } = made;
  const roles = createRoles(name, addon, made);
  const identities = { ...addon.args.podIdentity, ...roles.arns };
  return new eks.Addon(
    name,
    {
      clusterName: cluster.name,
      addonName: addon.name,
      addonVersion: addon.args.version,
      configurationValues: addon.args.configuration && JSON.stringify(addon.args.configuration),
      podIdentityAssociations: Object.entries(identities).map(([serviceAccount, roleArn]) => ({
        serviceAccount,
        roleArn,
      })),
      // What a new version brings wins over what was changed by hand, so that upgrades do not stop half way.
      resolveConflictsOnCreate: 'OVERWRITE',
      resolveConflictsOnUpdate: 'OVERWRITE',
      tags: stackTags(name, args.tags),
    },
    { parent, dependsOn: [...made.after, ...roles.policies] },
  );
}

/** Roles that the pods of an add-on cannot work without, taken through pod identity. */
function createRoles(
  name: string,
  addon: PlannedAddon,
  { args, parent }: Surroundings,
): { readonly arns: Readonly<Record<string, pulumi.Output<string>>>; readonly policies: readonly pulumi.Resource[] } {
  const tags = stackTags(name, args.tags);
  const made = Object.entries(addon.roles).map(([account, policies]) => {
    const role: iam.Role = createRole(`${name}-${account}`, { service: 'pods.eks.amazonaws.com', parent, tags });
    const attached = policies.map((policy) => attach(`${name}-${account}`, role, { policy, parent }));
    return { account, role, attached };
  });
  return {
    arns: Object.fromEntries(made.map(({ account, role }) => [account, role.arn])),
    policies: made.flatMap(({ attached }) => attached),
  };
}
