import type {
  CallRequest,
  CheckFailure,
  CheckRequest,
  ConstructRequest,
  CustomTimeouts,
  DeploymentInfo,
  DiffKind,
  DiffResponse,
  PropertyDiff,
} from './provider.ts';
import type { providerMethods } from './provider-messages.ts';
import type { MessageContent } from './wire-message.ts';

/** Parts of requests and answers that look different on the wire and in the `Provider` port, both ways. */

type Methods = typeof providerMethods;
type WireRequest<M extends keyof Methods> = MessageContent<Methods[M]['request']>;
type WireResponse<M extends keyof Methods> = MessageContent<Methods[M]['response']>;

/** Numbers of PropertyDiff.Kind and DiffResponse.DiffChanges are positions in these lists. */
const diffKinds: readonly DiffKind[] = ['add', 'add-replace', 'delete', 'delete-replace', 'update', 'update-replace'];
const diffChanges: readonly DiffResponse['changes'][] = ['unknown', 'none', 'some'];
const autonamingModes = ['propose', 'enforce', 'disable'] as const;

export function diffResponseFromWire(wire: WireResponse<'diff'>): DiffResponse {
  const { replaces, stables, deleteBeforeReplace, diffs } = wire;
  const detailedDiff = wire.hasDetailedDiff ? detailedDiffFromWire(wire.detailedDiff) : undefined;
  return {
    changes: diffChanges[wire.changes] ?? 'unknown',
    replaces,
    stables,
    deleteBeforeReplace,
    diffs,
    detailedDiff,
  };
}

function detailedDiffFromWire(wire: WireResponse<'diff'>['detailedDiff']): Record<string, PropertyDiff> {
  const entries = Object.entries(wire).map(([path, diff]) => {
    // Kinds that we do not know are simple updates, as in the official engine.
    const kind = diffKinds[diff?.kind ?? 0] ?? 'update';
    return [path, { kind, inputDiff: diff?.inputDiff ?? false }] as const;
  });
  return Object.fromEntries(entries);
}

export function diffResponseToWire(diff: DiffResponse): Partial<WireResponse<'diff'>> {
  const { changes, replaces, stables, deleteBeforeReplace, diffs, detailedDiff } = diff;
  return {
    changes: diffChanges.indexOf(changes),
    replaces,
    stables,
    deleteBeforeReplace,
    diffs,
    hasDetailedDiff: detailedDiff !== undefined,
    detailedDiff: mapValues(detailedDiff ?? {}, ({ kind, inputDiff }) => ({
      kind: diffKinds.indexOf(kind),
      inputDiff,
    })),
  };
}

export function checkRequestToWire(request: CheckRequest): Partial<WireRequest<'check'>> {
  const { urn, name, type, olds, news, randomSeed, autonaming } = request;
  return {
    urn,
    name,
    type,
    olds,
    news,
    randomSeed,
    autonaming: autonaming && {
      proposedName: autonaming.proposedName,
      mode: autonamingModes.indexOf(autonaming.mode),
    },
  };
}

export function checkRequestFromWire(wire: WireRequest<'check'>): CheckRequest {
  const { urn, olds = {}, news = {}, randomSeed, autonaming } = wire;
  return {
    urn,
    ...identityFromWire(wire),
    olds,
    news,
    randomSeed: randomSeed.length > 0 ? randomSeed : undefined,
    autonaming: autonaming && {
      proposedName: autonaming.proposedName ?? '',
      mode: autonamingModes[autonaming.mode ?? 0] ?? 'propose',
    },
  };
}

/** Name and type of a request; old engines send the URN alone. */
export function identityFromWire(wire: { readonly urn: string; readonly name: string; readonly type: string }): {
  readonly name: string;
  readonly type: string;
} {
  const parts = wire.urn.split('::');
  return {
    name: wire.name || parts.slice(3).join('::'),
    type: wire.type || (parts[2] ?? '').split('$').at(-1)!,
  };
}

export function failuresFromWire(wire: WireResponse<'check'>['failures']): CheckFailure[] {
  return wire.map(({ property = '', reason = '' }) => ({ property, reason }));
}

/** `{ key: urns }` to and from the messages that hold one list each. */
export function dependenciesToWire(
  dependencies: Readonly<Record<string, readonly string[]>>,
): Record<string, { readonly urns: readonly string[] }> {
  return mapValues(dependencies, (urns) => ({ urns }));
}

export function dependenciesFromWire(
  wire: Readonly<Record<string, { readonly urns?: readonly string[] } | undefined>>,
): Record<string, readonly string[]> {
  return mapValues(wire, (list) => list?.urns ?? []);
}

function mapValues<A, B>(map: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}

function infoFromWire(wire: WireRequest<'call'> | WireRequest<'construct'>): DeploymentInfo {
  const { project, stack, organization, config, configSecretKeys, dryRun, parallel, monitorEndpoint } = wire;
  const identity = { project, stack, organization };
  const handle = wire.stackTraceHandle === '' ? {} : { stackTraceHandle: wire.stackTraceHandle };
  return { ...identity, config, configSecretKeys, dryRun, parallel, monitorEndpoint, ...handle };
}

export function callRequestToWire(request: CallRequest): Partial<WireRequest<'call'>> {
  const { info, token, args, argDependencies, acceptsOutputValues } = request;
  return { ...info, tok: token, args, argDependencies: dependenciesToWire(argDependencies), acceptsOutputValues };
}

export function callRequestFromWire(wire: WireRequest<'call'>): CallRequest {
  return {
    info: infoFromWire(wire),
    token: wire.tok,
    args: wire.args ?? {},
    argDependencies: dependenciesFromWire(wire.argDependencies),
    acceptsOutputValues: wire.acceptsOutputValues,
  };
}

export function constructRequestToWire(request: ConstructRequest): Partial<WireRequest<'construct'>> {
  const { info, type, name, parent, inputs, inputDependencies, options } = request;
  const { customTimeouts, aliases, aliasSpecs = [], ...rest } = options;
  return {
    ...info,
    type,
    name,
    parent,
    inputs,
    inputDependencies: dependenciesToWire(inputDependencies),
    ...rest,
    aliases: [...aliases.map((urn) => ({ urn })), ...aliasSpecs.map((spec) => ({ spec }))],
    customTimeouts: customTimeouts && {
      create: durationText(customTimeouts.create),
      update: durationText(customTimeouts.update),
      delete: durationText(customTimeouts.delete),
      read: durationText(customTimeouts.read),
    },
    acceptsOutputValues: true,
  };
}

export function constructRequestFromWire(wire: WireRequest<'construct'>): ConstructRequest {
  const { type, name, parent, inputs = {}, customTimeouts, resourceHooks } = wire;
  return {
    info: infoFromWire(wire),
    type,
    name,
    parent,
    inputs,
    inputDependencies: dependenciesFromWire(wire.inputDependencies),
    options: {
      aliases: wire.aliases.flatMap(({ urn }) => (urn === undefined ? [] : [urn])),
      aliasSpecs: wire.aliases.flatMap(({ spec }) => (spec === undefined ? [] : [spec])),
      dependencies: wire.dependencies,
      protect: wire.protect,
      providers: wire.providers,
      additionalSecretOutputs: wire.additionalSecretOutputs,
      deletedWith: wire.deletedWith,
      deleteBeforeReplace: wire.deleteBeforeReplace,
      ignoreChanges: wire.ignoreChanges,
      replaceOnChanges: wire.replaceOnChanges,
      retainOnDelete: wire.retainOnDelete,
      replaceWith: wire.replaceWith,
      replacementTrigger: wire.replacementTrigger,
      resourceHooks,
      customTimeouts: customTimeouts && timeoutsFromWire(customTimeouts),
    },
  };
}

function timeoutsFromWire(wire: {
  readonly create?: string;
  readonly update?: string;
  readonly delete?: string;
  readonly read?: string;
}): CustomTimeouts {
  const { create, update, delete: remove, read } = wire;
  return { create: seconds(create), update: seconds(update), delete: seconds(remove), read: seconds(read) };
}

/** Go's duration text, the form of ConstructRequest.CustomTimeouts; '' for not set. */
export function durationText(value: number): string {
  return value === 0 ? '' : `${value}s`;
}

const unitSeconds: Readonly<Record<string, number>> = { ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };

/** Seconds of a Go duration text such as `1m30s`; 0 for ''. Throws on what is none. */
export function seconds(duration = ''): number {
  if (duration === '') return 0;
  if (!/^(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+$/.test(duration)) {
    throw new RangeError(`Cannot read a duration as it is no text like "1m30s": ${JSON.stringify(duration)}.`);
  }
  const parts = duration.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g);
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * unitSeconds[unit!]!, 0);
}
