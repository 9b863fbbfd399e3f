import type { Deployment, EngineEvent } from '@pulumi/pulumi/automation/index.js';
import { redactor } from '../../foundation/redact.ts';
import type { TouchedResource } from '../core/drift.ts';
import { type FieldManager, managerOf } from '../core/managed-fields.ts';
import type { PlannedStep } from '../core/planned-step.ts';
import { changesOf, createOutcomeCollector, redacted } from './collect-outcome.ts';
import type { StackLook, StackWork } from './engine.ts';
import { lostStateError } from './engine-failure.ts';
import { type AutomationEngineOptions, failureOf, openUpdatedStack, readConfig } from './open-stack.ts';
import { parsePropertyPath } from './property-text.ts';

/**
 * Looks in two parts: a preview of a refresh, which reads every resource and runs no program; and only where that found something, a preview with a refresh
 * before it. Neither takes a lock or writes: the refreshed state is in memory alone.
 */
export async function lookForDrift(options: AutomationEngineOptions, work: StackWork): Promise<StackLook> {
  const stack = await openUpdatedStack(options, work);
  const config = readConfig(stack);
  const common = { color: 'never' as const, signal: work.signal };
  const alone = createTouchCollector();
  // Where a refresh needs the program, as its provider's credentials come from there, the second part says whether it can be done at all.
  const unread = await failureOf(() => stack.previewRefresh({ ...common, onEvent: alone.take }), work);
  await config;
  // A state of nothing is as nothing is: that would look like no drift at all.
  if (unread === undefined && !alone.sawAny() && isEmpty(await stack.exportStack())) throw lostStateError(work.stack);
  if (unread === undefined && alone.touched().length === 0) return { touched: [], steps: [], outcome: undefined };
  const touches = createTouchCollector();
  const collector = createOutcomeCollector(work.folder);
  const onEvent = (event: EngineEvent) => {
    touches.take(event);
    collector.take(event);
  };
  const failure = await failureOf(() => stack.preview({ ...common, refresh: true, onEvent }), work);
  const { sandbox } = await config;
  const outcome = collector.finish({ failure, outputs: {}, engine: options.name, sandbox });
  return { touched: touches.touched(outcome.steps), steps: outcome.steps, outcome };
}

function isEmpty({ deployment }: Deployment): boolean {
  return ((deployment as { resources?: readonly unknown[] } | undefined)?.resources ?? []).length === 0;
}

interface TouchCollector {
  take(event: EngineEvent): void;
  /** Whether any resource came by. */
  sawAny(): boolean;
  /** Who set the fields that `steps` change is told besides those that were changed. */
  touched(steps?: readonly PlannedStep[]): readonly TouchedResource[];
}

interface Seen {
  readonly resource: Omit<TouchedResource, 'managers'>;
  /** What is there, to ask it who set what. */
  readonly live: unknown;
}

/** Takes the ends of reads: in a refresh they are called after what they found, in a preview with one all are called `refresh`. */
function createTouchCollector(): TouchCollector {
  const seen = new Map<string, Seen>();
  let isAny = false;
  return {
    sawAny: () => isAny,
    take({ resOutputsEvent }) {
      if (!resOutputsEvent) return;
      isAny = true;
      const { metadata } = resOutputsEvent;
      const { op, urn, type, old, new: now } = metadata;
      // After its refresh a resource comes by once more, in the program's part.
      if (seen.has(urn) || !['refresh', 'update', 'delete'].includes(op as string)) return;
      const gone = op === 'delete' || (op === 'refresh' && old?.custom === true && !now);
      const changes = gone ? [] : changesOf({ ...metadata, op: 'update' });
      if (!gone && changes.length === 0 && op !== 'update') return;
      seen.set(urn, { resource: { urn, type, gone, changes }, live: now?.outputs });
    },
    touched(steps = []) {
      return redacted(
        [...seen.values()].map(({ resource, live }) => {
          const wanted = steps.filter(({ urn }) => urn === resource.urn).flatMap(({ changes }) => changes);
          return {
            ...resource,
            managers: managersOf(
              live,
              [...resource.changes, ...wanted].map(({ path }) => path),
            ),
          };
        }),
      );
    },
  };
}

function managersOf(live: unknown, paths: readonly string[]): Readonly<Record<string, FieldManager>> {
  return Object.fromEntries(
    paths.flatMap((path) => {
      const manager = managerOf(live, parsePropertyPath(path));
      return manager ? [[path, { ...manager, manager: redactor.redact(manager.manager) }]] : [];
    }),
  );
}
