import { isPropertyMap, type PropertyMap } from '../../../protocol/property-value.ts';
import type { CheckFailure } from '../../../protocol/provider.ts';
import { plain } from '../diff-inputs.ts';
import { isNamedByCloud } from '../facts/computed-outputs.ts';
import type { SdkFacts } from '../facts/sdk-facts.ts';
import type { Draft, ModelContext, NamingContext, PackageModel } from '../package-model.ts';
import { newAwsId } from './aws-identity.ts';
import { invokeAws } from './aws-invokes.ts';
import { awsOutputs } from './aws-outputs.ts';
import { replacingPaths } from './aws-replacements.ts';
import { refuseAwsChange, refuseAwsDelete } from './aws-rules.ts';
import { isBlock } from './cidr-block.ts';

/** Properties that hold a resource's own name and that Pulumi fills in where a program leaves them out. */
const AUTONAMED = ['name', 'bucket', 'nodeGroupName', 'clusterIdentifier', 'identifier'];

/** AWS as far as names, references, address ranges and dependencies go. */
export function createAwsModel({ facts, environment }: ModelContext): PackageModel {
  const regionOf = (configuration: PropertyMap) => {
    const region = plain(configuration.region);
    return typeof region === 'string'
      ? region
      : (environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION ?? 'us-east-1');
  };
  return {
    realm: () => '',
    complete: (draft, context) => autonamed(facts, draft, context),
    check: addressFailures,
    replacing: ({ type, changed }) => replacingPaths(type, changed, facts),
    deletesFirst: () => false,
    newId: (draft, configuration) => newAwsId(draft.type, draft.inputs, regionOf(configuration)),
    outputs(draft, previous, configuration) {
      const defaults = plain(configuration.defaultTags);
      const tags = isPropertyMap(defaults) ? plain(defaults.tags) : undefined;
      const defaultTags = isPropertyMap(tags) ? tags : {};
      return awsOutputs(facts, draft, { region: regionOf(configuration), defaultTags, previous });
    },
    refuseChange: refuseAwsChange,
    refuseDelete: refuseAwsDelete,
    cascade: () => [],
    invoke: ({ token, args }, configuration) => invokeAws(token, args, regionOf(configuration)),
  };
}

function autonamed(facts: SdkFacts, draft: Draft, context: NamingContext): PropertyMap {
  const { inputs, type } = draft;
  const property = AUTONAMED.find((name) => isNamedByCloud(name, facts.inputs(type), facts.outputs(type)));
  if (property === undefined || inputs[property] !== undefined || inputs[`${property}Prefix`] !== undefined)
    return inputs;
  const previous = context.previous?.[property];
  return { ...inputs, [property]: previous ?? `${draft.name}-${context.suffix.slice(0, 7)}` };
}

function addressFailures({ inputs }: Draft): readonly CheckFailure[] {
  return ['cidrBlock', 'destinationCidrBlock'].flatMap((property) => {
    const value = plain(inputs[property]);
    if (typeof value !== 'string' || value === '' || isBlock(value)) return [];
    return [{ property, reason: `"${value}" is not a CIDR block` }];
  });
}
