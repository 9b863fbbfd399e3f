import type { EngineEvent } from '@pulumi/pulumi/automation/index.js';
import { changesSomething } from '../core/planned-step.ts';
import { LONGEST_TEXT, type RunEvent, type RunResource } from '../core/run-event.ts';
import { redacted, violationOf } from './collect-outcome.ts';
import type { ReadConfig } from './open-stack.ts';

/** Who is told what an engine does while it does it. Everything is redacted and cut. */
export interface RunWitness {
  event(event: RunEvent): void;
  /** All resources, once at the end. */
  resources(resources: readonly RunResource[]): void;
}

/** What the state says of a resource. */
export interface StateResource {
  readonly urn: string;
  readonly dependencies?: readonly string[];
  readonly propertyDependencies?: Readonly<Record<string, readonly string[] | null>>;
  readonly initErrors?: readonly string[];
  readonly retainOnDelete?: boolean;
}

type Seen = { -readonly [K in keyof RunResource]: RunResource[K] };

/**
 * Turns an engine's events into a run's, as they come; resources that stay as they are make no event and are in the graph. Nothing is told before
 * `ready`, when the stack's secrets are known to the redactor.
 */
export function recordEvents(
  told: RunWitness,
  ready: Promise<Pick<ReadConfig, 'isSandboxed'>>,
): {
  take(event: EngineEvent): void;
  /** `state`, where it was read, says who depends on whom and what is unhealthy. */
  finish(state: readonly StateResource[]): void;
} {
  const resources = new Map<string, Seen>();
  const begun = new Map<string, number>();
  /** URNs of what a provider serves. */
  const served = new Set<string>();
  const witness: RunWitness = {
    event: (event) => void ready.then((config) => told.event(labelled(cut(redacted(event)), { ...config, served }))),
    resources: (all) => void ready.then(() => told.resources(redacted(all).map(cut))),
  };
  return {
    take({ resourcePreEvent, resOutputsEvent, resOpFailedEvent, diagnosticEvent, policyEvent }) {
      if (resourcePreEvent) {
        const { urn, type, op, new: now, old, provider } = resourcePreEvent.metadata;
        if (provider) served.add(urn);
        const parent = now?.parent ?? old?.parent ?? undefined;
        // The parts of a replacement are one operation.
        const before = resources.get(urn);
        const operation = before && before.operation !== 'same' && op !== 'same' ? 'replace' : op;
        const nothing = { health: 'unknown', problem: undefined, milliseconds: undefined } as const;
        resources.set(urn, { urn, type, operation, parent, dependencies: [], ...nothing });
        begun.set(urn, performance.now());
        if (changes(op)) witness.event({ kind: 'resource', urn, type, operation: op, state: 'started', parent });
      }
      const done = resOutputsEvent ?? resOpFailedEvent;
      if (done) end(done.metadata.urn, { operation: done.metadata.op, failed: resOpFailedEvent !== undefined });
      if (diagnosticEvent && !diagnosticEvent.ephemeral) say(witness, diagnosticEvent);
      if (policyEvent) {
        const { severity, urn, message } = violationOf(policyEvent);
        witness.event({ kind: 'log', severity, ...(urn && { urn }), text: message });
      }
    },
    finish(state) {
      for (const resource of state) join(resources.get(resource.urn), resource);
      witness.resources([...resources.values()]);
    },
  };

  function end(urn: string, { operation, failed }: { readonly operation: string; readonly failed: boolean }): void {
    const resource = resources.get(urn);
    if (!resource) return;
    const milliseconds = Math.round(performance.now() - (begun.get(urn) ?? performance.now()));
    Object.assign(resource, { milliseconds, health: failed ? 'failed' : 'healthy' });
    if (!changes(operation) && !failed) return;
    const { type, parent } = resource;
    const state = failed ? 'failed' : 'done';
    witness.event({ kind: 'resource', urn, type, operation, state, parent, milliseconds });
  }
}

/** What the sandbox did, or said, says so. */
function labelled(event: RunEvent, { isSandboxed, served }: Labelling): RunEvent {
  if (event.kind !== 'resource' && event.kind !== 'log') return event;
  const own = event.kind === 'log' && /^(\[sandbox\]|sandbox:)/.test(event.text);
  const urn = event.urn ?? '';
  return own || (served.has(urn) && isSandboxed(typeOf(urn))) ? { ...event, sandbox: true } : event;
}

interface Labelling extends Pick<ReadConfig, 'isSandboxed'> {
  readonly served: ReadonlySet<string>;
}

/** `urn:pulumi:stack::project::parent$type::name`. */
function typeOf(urn: string): string {
  return urn.split('::')[2]?.split('$').at(-1) ?? '';
}

/** Masked before it is cut: of a secret that lies across the cut, half could not be told. */
function cut<T extends RunEvent | RunResource>(told: T): T {
  if ('text' in told) return { ...told, text: told.text.slice(0, LONGEST_TEXT) };
  if ('problem' in told && told.problem) return { ...told, problem: told.problem.slice(0, LONGEST_TEXT) };
  return told;
}

function changes(operation: string): boolean {
  return changesSomething({ operation } as Parameters<typeof changesSomething>[0]);
}

function join(
  resource: Seen | undefined,
  { dependencies = [], propertyDependencies = {}, initErrors = [] }: StateResource,
): void {
  if (!resource) return;
  const all = [...dependencies, ...Object.values(propertyDependencies).flatMap((urns) => urns ?? [])];
  resource.dependencies = [...new Set(all)].sort();
  if (initErrors.length > 0) Object.assign(resource, { health: 'unhealthy', problem: initErrors.join('\n') });
}

/** The engine marks colours in its texts, and has debug output that its types do not name. */
function say(witness: RunWitness, { message, severity, urn }: NonNullable<EngineEvent['diagnosticEvent']>): void {
  const text = message.replace(/<\{%.*?%\}>/g, '');
  if (text.trim() === '' || (severity as string) === 'debug') return;
  const level = severity === 'error' || severity === 'warning' ? severity : 'info';
  witness.event({ kind: 'log', severity: level, urn: urn || undefined, text });
}
