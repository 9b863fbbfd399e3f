import { callMethod, openClient } from '../../../protocol/grpc-call.ts';
import type { PropertyMap } from '../../../protocol/property-value.ts';
import { providerErrorOf } from '../../../protocol/provider-errors.ts';
import {
  flag,
  integer,
  mapOf,
  message,
  nested,
  optionalFlag,
  properties,
  text,
  texts,
} from '../../../protocol/wire-message.ts';

/** What a component needs of ResourceMonitor, with the field numbers of proto/pulumi/resource.proto. */
const customTimeouts = message({ create: text(1), update: text(2), delete: text(3) });

const registerResource = {
  path: '/pulumirpc.ResourceMonitor/RegisterResource',
  request: message({
    type: text(1),
    name: text(2),
    parent: text(3),
    custom: flag(4),
    object: properties(5),
    protect: optionalFlag(6),
    dependencies: texts(7),
    provider: text(8),
    deleteBeforeReplace: flag(10),
    version: text(11),
    ignoreChanges: texts(12),
    acceptSecrets: flag(13),
    additionalSecretOutputs: texts(14),
    aliasUrns: texts(15),
    customTimeouts: nested(17, customTimeouts),
    deleteBeforeReplaceDefined: flag(18),
    supportsPartialValues: flag(19),
    acceptResources: flag(21),
    providers: mapOf(22, text(2)),
    replaceOnChanges: texts(23),
    retainOnDelete: optionalFlag(25),
    deletedWith: text(27),
    supportsResultReporting: flag(32),
  }),
  response: message({ urn: text(1), id: text(2), object: properties(3), result: integer(7) }),
};

const registerOutputs = {
  path: '/pulumirpc.ResourceMonitor/RegisterResourceOutputs',
  request: message({ urn: text(1), outputs: properties(2) }),
  response: message({}),
};

export interface Registration {
  readonly type: string;
  readonly name: string;
  readonly parent: string;
  readonly custom: boolean;
  readonly object: PropertyMap;
  readonly dependencies?: readonly string[];
  readonly protect?: boolean | undefined;
  readonly provider?: string;
  readonly providers?: Readonly<Record<string, string>>;
  readonly version?: string;
  readonly aliasUrns?: readonly string[];
  readonly additionalSecretOutputs?: readonly string[];
  readonly ignoreChanges?: readonly string[];
  readonly replaceOnChanges?: readonly string[];
  readonly retainOnDelete?: boolean | undefined;
  readonly deletedWith?: string;
  readonly deleteBeforeReplace?: boolean | undefined;
}

export interface Registered {
  readonly urn: string;
  readonly id: string;
}

/** The engine's resource monitor, for a component that registers its children. */
export interface MonitorClient {
  /** Resolves when the resource exists (in a preview: is planned). Rejects where it could not be registered or has failed. */
  register(registration: Registration): Promise<Registered>;
  registerOutputs(urn: string, outputs: PropertyMap): Promise<void>;
  close(): void;
}

/** `address` is host:port. Nothing is sent before the first registration. */
export function connectMonitor(address: string): MonitorClient {
  const client = openClient(address);
  return {
    async register({ deleteBeforeReplace, ...registration }) {
      try {
        const { urn, id, result } = await callMethod(client, registerResource, {
          ...registration,
          deleteBeforeReplace: deleteBeforeReplace ?? false,
          deleteBeforeReplaceDefined: deleteBeforeReplace !== undefined,
          acceptSecrets: true,
          acceptResources: true,
          supportsPartialValues: true,
          supportsResultReporting: true,
        });
        if (result === 1) throw new Error(`the resource ${registration.name} could not be registered`);
        return { urn, id };
      } catch (error) {
        throw providerErrorOf(error);
      }
    },
    async registerOutputs(urn, outputs) {
      try {
        await callMethod(client, registerOutputs, { urn, outputs });
      } catch (error) {
        throw providerErrorOf(error);
      }
    },
    close: () => client.close(),
  };
}
