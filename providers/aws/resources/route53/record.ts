import type { Change, ResourceRecordSet } from '@aws-sdk/client-route-53';
import type { ExistingCall, Plain, PlainMap, ResourceCall, ResourceDefinition } from '../../definition.ts';
import { AwsFailure, unlessGone } from '../../failures.ts';
import { asList, asMap, asMaps, asText } from '../../plain-values.ts';
import { waitFor } from '../../wait.ts';
import { bareId, waitForChange } from './zone.ts';

/** https://www.pulumi.com/registry/packages/aws/api-docs/route53/record/ ; imported by `<zone>_<name>_<type>[_<set identifier>]`. */
export const record: ResourceDefinition = {
  type: 'aws:route53/record:Record',
  global: true,
  properties: {
    zoneId: { kind: 'string', required: true, replaces: true },
    name: { kind: 'string', required: true, replaces: true },
    type: { kind: 'string', required: true },
    ttl: { kind: 'number' },
    records: { kind: 'list', unordered: true },
    aliases: { kind: 'list', parts: ['evaluateTargetHealth', 'name', 'zoneId'] },
    allowOverwrite: { kind: 'boolean', computed: true, writeOnly: true },
    healthCheckId: { kind: 'string' },
    setIdentifier: { kind: 'string', replaces: true },
    multivalueAnswerRoutingPolicy: { kind: 'boolean' },
    weightedRoutingPolicies: { kind: 'list' },
    latencyRoutingPolicies: { kind: 'list' },
    failoverRoutingPolicies: { kind: 'list' },
    geolocationRoutingPolicies: { kind: 'list' },
    fqdn: { kind: 'string', output: true },
  },
  validate,
  async create(call) {
    const zoneId = bareId(call.inputs.zoneId as string);
    const name = await fullName(call, zoneId);
    // Only a program that says so takes over a record that is there.
    const Action = call.inputs.allowOverwrite === true ? 'UPSERT' : 'CREATE';
    await write(call, zoneId, [{ Action, ResourceRecordSet: recordSet(call.inputs, name) }]);
    return idOf(zoneId, name, call.inputs);
  },
  updates: [
    {
      properties: [
        ...['type', 'ttl', 'records', 'aliases', 'healthCheckId', 'multivalueAnswerRoutingPolicy'],
        ...['weightedRoutingPolicies', 'latencyRoutingPolicies', 'failoverRoutingPolicies'],
        'geolocationRoutingPolicies',
      ],
      apply: update,
    },
  ],
  async read(call) {
    const found = await find(call);
    if (!found) return undefined;
    const place = splitId(call.id);
    const fqdn = readable(found.Name ?? '');
    const given = asText(call.inputs.name);
    const same = given !== undefined && (readable(given) === fqdn || fqdn.startsWith(`${readable(given)}.`));
    return {
      id: idOf(place.zoneId, fqdn, { type: found.Type, setIdentifier: found.SetIdentifier }),
      zoneId: place.zoneId,
      name: same ? given : fqdn,
      type: found.Type,
      ttl: found.TTL,
      records: found.ResourceRecords?.map(({ Value = '' }) => unquoted(found.Type, Value)),
      aliases: found.AliasTarget && [
        {
          name: readable(found.AliasTarget.DNSName ?? ''),
          zoneId: found.AliasTarget.HostedZoneId ?? '',
          evaluateTargetHealth: found.AliasTarget.EvaluateTargetHealth ?? false,
        },
      ],
      healthCheckId: found.HealthCheckId,
      setIdentifier: found.SetIdentifier,
      multivalueAnswerRoutingPolicy: found.MultiValueAnswer,
      weightedRoutingPolicies: found.Weight === undefined ? undefined : [{ weight: found.Weight }],
      latencyRoutingPolicies: found.Region && [{ region: found.Region }],
      failoverRoutingPolicies: found.Failover && [{ type: found.Failover }],
      geolocationRoutingPolicies: geolocationOutput(found),
      fqdn,
    };
  },
  async delete(call) {
    const found = await find(call);
    if (!found) return;
    const { zoneId } = splitId(call.id);
    try {
      await write(call, zoneId, [{ Action: 'DELETE', ResourceRecordSet: found }]);
    } catch (error) {
      const gone = error instanceof AwsFailure && /but it was not found|does not exist/i.test(error.reason);
      if (!gone && !(error instanceof AwsFailure && error.code === 'NoSuchHostedZone')) throw error;
    }
  },
};

function validate({ ttl, records, aliases, ...inputs }: PlainMap): readonly string[] {
  const given = [records, aliases].filter((one) => one !== undefined && one !== null).length;
  if (given !== 1) return ['exactly one of records and aliases is needed.'];
  const policies = Object.keys(inputs).filter((key) => /RoutingPolic(y|ies)$/.test(key) && inputs[key]);
  return [
    ...(records && typeof ttl !== 'number' && typeof ttl !== 'string' ? ['records need a ttl.'] : []),
    ...(policies.length > 1 ? [`one routing policy at most, not ${policies.join(' and ')}.`] : []),
    ...(policies.length === 1 && !inputs.setIdentifier ? [`${policies[0]} needs a setIdentifier.`] : []),
  ];
}

function recordSet(inputs: PlainMap, Name: string): ResourceRecordSet {
  const [alias] = asMaps(inputs.aliases);
  const [weighted] = asMaps(inputs.weightedRoutingPolicies);
  const [latency] = asMaps(inputs.latencyRoutingPolicies);
  const [failover] = asMaps(inputs.failoverRoutingPolicies);
  const [geolocation] = asMaps(inputs.geolocationRoutingPolicies);
  const type = inputs.type as string;
  const set = {
    Name,
    Type: type,
    TTL: inputs.ttl,
    ResourceRecords: inputs.records && asList(inputs.records).map((value) => ({ Value: quoted(type, value) })),
    AliasTarget: alias && {
      DNSName: alias.name,
      HostedZoneId: alias.zoneId,
      EvaluateTargetHealth: alias.evaluateTargetHealth === true,
    },
    HealthCheckId: asText(inputs.healthCheckId),
    SetIdentifier: asText(inputs.setIdentifier),
    MultiValueAnswer: inputs.multivalueAnswerRoutingPolicy === true ? true : undefined,
    Weight: weighted?.weight,
    Region: latency?.region,
    Failover: failover?.type,
    GeoLocation: geolocation && {
      ContinentCode: asText(geolocation.continent),
      CountryCode: asText(geolocation.country),
      SubdivisionCode: asText(geolocation.subdivision),
    },
  };
  return Object.fromEntries(
    Object.entries(set).filter(([, value]) => value !== undefined && value !== null),
  ) as unknown as ResourceRecordSet;
}

/** Texts are quoted in the API, and longer ones cut in pieces by the program: `first"" second`. */
function quoted(type: string | undefined, value: string): string {
  return (type === 'TXT' || type === 'SPF') && !value.startsWith('"') ? `"${value}"` : value;
}

function unquoted(type: string | undefined, value: string): string {
  return type === 'TXT' || type === 'SPF' ? value.replace(/^"(.*)"$/s, '$1') : value;
}

async function update(call: ExistingCall & { readonly old: PlainMap }): Promise<void> {
  const { zoneId } = splitId(call.id);
  const name = await fullName(call, zoneId);
  const old = await find(call);
  const set = recordSet(call.inputs, name);
  // Of another type it is another record: both changes happen together or not at all.
  const moved = old && old.Type !== set.Type;
  const changes: Change[] = moved ? [{ Action: 'DELETE', ResourceRecordSet: old }] : [];
  await write(call, zoneId, [...changes, { Action: moved ? 'CREATE' : 'UPSERT', ResourceRecordSet: set }]);
}

async function write(call: ResourceCall, HostedZoneId: string, Changes: Change[]): Promise<void> {
  const route53 = await call.aws.client('route53');
  const made = await waitFor('the zone to be free for a change', call, async () => {
    try {
      return await route53.changeResourceRecordSets({ HostedZoneId, ChangeBatch: { Changes } });
    } catch (error) {
      if (error instanceof AwsFailure && error.code === 'PriorRequestNotComplete') return undefined;
      throw error;
    }
  });
  await waitForChange(call, made.ChangeInfo?.Id);
}

/** Names end in that of the zone, whether the program says so or not. */
async function fullName(call: ResourceCall, zoneId: string): Promise<string> {
  const name = readable(call.inputs.name as string);
  const route53 = await call.aws.client('route53');
  const found = await call.aws.batches.look('route53:GetHostedZone', zoneId, async (ids) => {
    const zones = ids.map(async (Id) => [Id, (await route53.getHostedZone({ Id })).HostedZone?.Name ?? ''] as const);
    return new Map(await Promise.all(zones));
  });
  const zone = readable(found ?? '');
  return name === '' ? zone : name === zone || name.endsWith(`.${zone}`) ? name : `${name}.${zone}`;
}

/** Lower case, without the dot at the end, and with `*` as such: the API answers with `\052`. */
function readable(name: string): string {
  return name.toLowerCase().replace(/\.$/, '').replaceAll('\\052', '*');
}

function idOf(zoneId: string, name: string, { type, setIdentifier }: PlainMap): string {
  return [zoneId, name, type, ...(asText(setIdentifier) ? [setIdentifier] : [])].join('_');
}

interface RecordPlace {
  readonly zoneId: string;
  readonly name: string;
  readonly type: string;
  readonly setIdentifier: string | undefined;
}

/** The name may itself have underscores, as those of certificates do. */
function splitId(id: string): RecordPlace {
  const match = /^([^_]+)_(.*)_([A-Z]+\d?)(?:_(.+))?$/.exec(id);
  const [, zoneId = id, name = '', type = '', setIdentifier] = match ?? [];
  return { zoneId, name, type, setIdentifier };
}

async function find({ aws, id }: ExistingCall): Promise<ResourceRecordSet | undefined> {
  const { zoneId, name, type, setIdentifier } = splitId(id);
  const route53 = await aws.client('route53');
  const page = await unlessGone(
    route53.listResourceRecordSets({
      HostedZoneId: zoneId,
      StartRecordName: name,
      StartRecordType: type as 'A',
      ...(setIdentifier && { StartRecordIdentifier: setIdentifier }),
      MaxItems: 1,
    }),
  );
  return page?.ResourceRecordSets?.find(
    (one) => readable(one.Name ?? '') === readable(name) && one.Type === type && one.SetIdentifier === setIdentifier,
  );
}

function geolocationOutput({ GeoLocation: place }: ResourceRecordSet): readonly Plain[] | undefined {
  if (!place) return undefined;
  const { ContinentCode: continent, CountryCode: country, SubdivisionCode: subdivision } = place;
  return [
    asMap(
      Object.fromEntries(Object.entries({ continent, country, subdivision }).filter(([, value]) => value)) as PlainMap,
    ),
  ];
}
