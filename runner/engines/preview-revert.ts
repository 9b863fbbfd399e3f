import type { PulumiCommand } from '@pulumi/pulumi/automation/index.js';
import type { Outcome } from '../core/run.ts';
import type { RevertPreview } from '../core/undo.ts';
import { createOutcomeCollector } from './collect-outcome.ts';
import type { StackWork } from './engine.ts';
import { hindranceIn } from './engine-failure.ts';
import type { Foreseen } from './foreseen.ts';
import { type AutomationEngineOptions, failureOf, openStack, readConfig } from './open-stack.ts';

/**
 * Previews the program of `work`, unless it just was, and then that of `before` against the state which the first would leave. `command` is one whose previews build on each
 * other. Writes nothing and takes no lock.
 */
export async function previewRevert(
  options: AutomationEngineOptions & { readonly foreseeing: () => PulumiCommand; readonly foreseen: Foreseen },
  { work, before }: { readonly work: StackWork; readonly before: StackWork },
): Promise<RevertPreview> {
  const known = options.foreseen.take(work);
  const command = known ?? options.foreseeing();
  const used = { ...options, command: () => command };
  if (!known) {
    const forward = await previewOnce(used, work);
    // Without a state to start from, nothing can be said of the way back.
    if (forward.result === 'failed') return { outcome: forward, hindrance: undefined };
  }
  const outcome = await previewOnce(used, before);
  return { outcome, hindrance: outcome.result === 'failed' ? hindranceIn(outcome) : undefined };
}

async function previewOnce(options: AutomationEngineOptions, work: StackWork): Promise<Outcome> {
  const collector = createOutcomeCollector(work.folder);
  const stack = await openStack(options, work);
  const config = readConfig(stack);
  const { take: onEvent } = collector;
  const failure = await failureOf(() => stack.preview({ onEvent, color: 'never', signal: work.signal }), work);
  const { sandbox } = await config;
  return collector.finish({ failure, outputs: {}, engine: options.name, sandbox });
}
