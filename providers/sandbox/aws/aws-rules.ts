import type { JsonMap, Surroundings } from '../package-model.ts';
import type { World, WorldObject } from '../world.ts';
import type { Json } from '../world-json.ts';
import { SANDBOX_ACCOUNT } from './aws-identity.ts';
import { blocksOverlap, isBlock, isInside } from './cidr-block.ts';

/** Ids that AWS numbers: whatever an input of this form names must exist. */
const NUMBERED_ID = /^(vpc|subnet|igw|eigw|nat|eipalloc|rtb|sg|eni|vpce|lt|acl)-0[0-9a-f]{16}$/;
const OWN_ARN = new RegExp(`^arn:aws:[a-z0-9]+:[a-z0-9-]*:${SANDBOX_ACCOUNT}:`);

/** Inputs that hold the name of another resource: property, and the type whose name it is. */
const BY_NAME: readonly { readonly of: RegExp; readonly property: string; readonly type: string }[] = [
  { of: /^aws:iam\/(rolePolicy|rolePolicyAttachment):/, property: 'role', type: 'aws:iam/role:Role' },
  { of: /^aws:eks\//, property: 'clusterName', type: 'aws:eks/cluster:Cluster' },
  { of: /^aws:ecr\/(lifecycle|repository)Policy:/, property: 'repository', type: 'aws:ecr/repository:Repository' },
  { of: /^aws:route53\/record:/, property: 'zoneId', type: 'aws:route53/zone:Zone' },
];

/** Types of which any number may have one name, or whose name says nothing. */
const NAME_IS_FREE: ReadonlySet<string> = new Set([
  'aws:route53/zone:Zone',
  'aws:route53/record:Record',
  'aws:iam/rolePolicy:RolePolicy',
]);

/** Things that can be deleted while something else still names them. */
const DELETABLE_IN_USE: ReadonlySet<string> = new Set([
  'aws:kms/key:Key',
  'aws:cloudwatch/logGroup:LogGroup',
  'aws:ecr/repository:Repository',
]);

/** Why AWS would refuse to create or change this, in the words that its users know. */
export function refuseAwsChange(object: WorldObject, surroundings: Surroundings): string | undefined {
  return (
    missingReference(object, surroundings) ??
    duplicateName(object, surroundings) ??
    subnetConflict(object, surroundings)
  );
}

/** Why AWS would refuse to delete this: something else still uses it. */
export function refuseAwsDelete(object: WorldObject, surroundings: Surroundings): string | undefined {
  if (DELETABLE_IN_USE.has(object.type)) return undefined;
  const arn = object.outputs.arn;
  const mentions = [object.id, ...(typeof arn === 'string' ? [arn] : [])];
  const candidates = mentions.flatMap((text) => surroundings.world.mentioning(text, 'inputs'));
  const user = candidates.find((other) => {
    if (other.urn === object.urn && other.id === object.id) return false;
    const named = BY_NAME.some(
      ({ of, property, type }) => type === object.type && of.test(other.type) && other.inputs[property] === object.id,
    );
    return (
      named || textsOf(other.inputs).some((text) => text === arn || (text === object.id && NUMBERED_ID.test(text)))
    );
  });
  if (!user) return undefined;
  return `DependencyViolation: ${object.id} cannot be deleted as ${shortType(user)} ${user.id} uses it`;
}

function missingReference(object: WorldObject, { world }: Surroundings): string | undefined {
  const references = textsOf(object.inputs).filter((text) => NUMBERED_ID.test(text) || OWN_ARN.test(text));
  const byName = BY_NAME.filter(
    ({ of, property }) => of.test(object.type) && typeof object.inputs[property] === 'string',
  );
  for (const { property, type } of byName) {
    const wanted = String(object.inputs[property]);
    const found = world.get({ realm: object.realm, type, id: wanted });
    if (!found) return `${type.split(':').at(-1)} "${wanted}" does not exist (${property})`;
  }
  const missing = references.find((text) => !exists(text, world) && !exists(text.replace(/:\*$|\/\*$/, ''), world));
  return missing === undefined ? undefined : `the reference "${missing}" does not exist`;
}

/** Whether something has this id, or the cloud made this text as an output: ARNs, default security groups and the like. */
function exists(text: string, world: World): boolean {
  if (world.hasId(text)) return true;
  return world.mentioning(text, 'outputs').some((object) => textsOf(computed(object)).includes(text));
}

/** Outputs that are not simply inputs: only what the cloud made counts as existing. */
function computed(object: WorldObject): JsonMap {
  return Object.fromEntries(
    Object.entries(object.outputs).filter(
      ([name, value]) => JSON.stringify(object.inputs[name]) !== JSON.stringify(value),
    ),
  );
}

function duplicateName(object: WorldObject, { world }: Surroundings): string | undefined {
  const name = object.inputs.name;
  if (typeof name !== 'string' || NAME_IS_FREE.has(object.type)) return undefined;
  const twin = world.list(object.type).find((other) => {
    const sameGroup = other.inputs.vpcId === object.inputs.vpcId;
    return other.inputs.name === name && other.id !== object.id && sameGroup;
  });
  return twin && `${shortType(object)} "${name}" already exists (${twin.id})`;
}

function subnetConflict(object: WorldObject, { world }: Surroundings): string | undefined {
  const block = object.inputs.cidrBlock;
  if (object.type !== 'aws:ec2/subnet:Subnet' || typeof block !== 'string') return undefined;
  if (!isBlock(block)) return `InvalidParameterValue: "${block}" is not a CIDR block`;
  const vpc = world.get({ realm: object.realm, type: 'aws:ec2/vpc:Vpc', id: String(object.inputs.vpcId) });
  const around = vpc?.inputs.cidrBlock;
  if (
    typeof around === 'string' &&
    !isInside(block, around) &&
    !hasSecondary(world.mentioning(vpc!.id, 'inputs'), vpc!.id, block)
  ) {
    return `InvalidSubnet.Range: ${block} is not within ${around} of ${vpc!.id}`;
  }
  const other = world
    .list('aws:ec2/subnet:Subnet')
    .find(
      ({ id, inputs }) =>
        id !== object.id &&
        inputs.vpcId === object.inputs.vpcId &&
        typeof inputs.cidrBlock === 'string' &&
        blocksOverlap(inputs.cidrBlock, block),
    );
  return other && `InvalidSubnet.Conflict: ${block} overlaps ${String(other.inputs.cidrBlock)} of ${other.id}`;
}

function hasSecondary(objects: readonly WorldObject[], vpcId: string, block: string): boolean {
  return objects.some(
    ({ type, inputs }) =>
      type.includes('vpcIpv4CidrBlockAssociation') &&
      inputs.vpcId === vpcId &&
      typeof inputs.cidrBlock === 'string' &&
      isInside(block, inputs.cidrBlock),
  );
}

/** Every text in a value; JSON texts (policies) are looked into. */
function textsOf(json: Json): readonly string[] {
  if (typeof json === 'string') return /^\s*[{[]/.test(json) ? [json, ...textsOf(parsed(json))] : [json];
  if (json === null || typeof json !== 'object') return [];
  return Object.values(json).flatMap((member) => textsOf(member as Json));
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}

function shortType(object: WorldObject): string {
  return object.type.split(':').at(-1) ?? object.type;
}
