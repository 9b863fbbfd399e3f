import type { Step } from '../deploy/step.ts';
import { isDefaultProvider } from '../deploy/urn.ts';
import type { DisplayOptions } from './display.ts';

/** Whether a step is shown: as the official CLI, without sames, reads, default providers and the halves of a replacement. */
export function isShown(step: Step, options: DisplayOptions): boolean {
  if (isDefaultProvider(step.urn)) return false;
  if (step.op === 'same') return options.showSames;
  if (step.op === 'remove-pending-replace') return false;
  if (step.op === 'read' || step.op === 'read-replacement' || step.op === 'discard') return options.showReads;
  if (options.showReplacementSteps) return true;
  return step.op !== 'create-replacement' && step.op !== 'delete-replaced' && step.op !== 'discard-replaced';
}
