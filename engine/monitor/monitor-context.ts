import type { DeploymentInfo } from '../../protocol/provider.ts';
import type { EventSink } from '../deploy/events.ts';
import type { Goal, Registrar } from '../deploy/goal.ts';
import type { DefaultProviders } from '../plugins/default-providers.ts';
import type { ProviderRegistry } from '../plugins/provider-registry.ts';
import type { Callbacks } from './callbacks.ts';
import type { HookRegistry } from './hook-registry.ts';
import type { WireCallback } from './monitor-messages.ts';
import type { PackageTable } from './packages.ts';
import type { SettledResources } from './settled-resources.ts';
import type { SourcePositions } from './source-position.ts';

/** What the monitor remembers of a resource: its children inherit from it. */
export interface KnownResource {
  readonly goal: Goal | undefined;
  readonly parent: string;
  /** Providers that a component hands to its children, by package. */
  readonly providers: Readonly<Record<string, string>>;
  readonly transforms: readonly WireCallback[];
}

/** Everything that the methods of the monitor share in one run. */
export interface MonitorContext {
  readonly registrar: Registrar;
  readonly registry: ProviderRegistry;
  readonly defaultProviders: DefaultProviders;
  readonly events: EventSink;
  readonly callbacks: Callbacks;
  readonly hooks: HookRegistry;
  readonly packages: PackageTable;
  /** Without `monitorEndpoint`, which is known once the server listens. */
  readonly info: Omit<DeploymentInfo, 'monitorEndpoint'>;
  readonly address: () => string;
  /** What relative asset paths start from. */
  readonly programDirectory: string;
  readonly sourcePositions: SourcePositions;
  readonly resources: Map<string, KnownResource>;
  readonly stackTransforms: WireCallback[];
  readonly invokeTransforms: WireCallback[];
  /** Transforms of remote components that their provider has not registered back yet, by parent, type and name. */
  readonly pendingTransforms: Map<string, readonly WireCallback[]>;
  readonly settled: SettledResources;
  readonly progress: { stackOutputs: boolean };
}

/** Keeps what the children of a resource inherit from it. */
export function remember(context: MonitorContext, urn: string, resource: KnownResource): void {
  context.resources.set(urn, resource);
}

/** The resource and its ancestors, the nearest first. */
export function* ancestry(context: MonitorContext, urn: string): Generator<KnownResource> {
  for (let current = context.resources.get(urn); current !== undefined; current = context.resources.get(current.parent))
    yield current;
}
