import { neededUrns } from './dependencies.ts';
import type { DeploymentContext } from './deployment-context.ts';
import type { PlannedStep } from './planned-step.ts';
import { takeQueued } from './untargeted-sames.ts';

/** The steps of a finished decision, after those that it needs beside them; throws where plan or targets forbid one. */
export function validateSteps(context: DeploymentContext, decided: readonly PlannedStep[]): PlannedStep[] {
  const steps = [...takeQueued(context), ...decided];
  // Look-ups are no part of plans: they change nothing.
  if (!decided.some(({ action }) => action.kind === 'read')) context.plans.apply(steps.map(({ step }) => step));
  refuseMissingCreates(context, steps);
  return steps;
}

/** A step must not need a resource that does not exist as it was not targeted (facts 3.8). */
export function refuseMissingCreates(context: DeploymentContext, steps: readonly PlannedStep[]): void {
  const { ledger, reporter, options, constraints } = context;
  if (!constraints.targets.isConstrained && !constraints.replaces.isConstrained) return;
  for (const { step, action } of steps) {
    if (!step.new || (action.kind === 'same' && action.skippedCreate)) continue;
    for (const urn of neededUrns(step.new)) {
      if (!ledger.skippedCreates.has(urn)) continue;
      reporter.error(
        step.urn,
        `Resource '${step.urn}' depends on '${urn}' which was was not specified in --target list.`,
      );
      ledger.sawError = true;
      if (!options.preview) throw reporter.alreadyReported('untargeted create');
      // Said once; a preview goes on, so that everything that is missing is shown at once.
      ledger.skippedCreates.delete(urn);
    }
  }
}
