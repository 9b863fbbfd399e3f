import type { Step, StepOp } from '../deploy/step.ts';
import { isDefaultProvider, isRootStack } from '../deploy/urn.ts';
import type { DisplayOptions } from './display.ts';

const partsOfReplacement: ReadonlySet<StepOp> = new Set([
  'create-replacement',
  'delete-replaced',
  'read-replacement',
  'discard-replaced',
  'import-replacement',
]);

type Filter = Pick<DisplayOptions, 'showSames' | 'showReplacementSteps'>;

/** Whether a step has a line of its own while an operation runs: every step but sames, look-ups and default providers. */
export function isShown(step: Step, options: Filter & Pick<DisplayOptions, 'showReads'>): boolean {
  if (isDefaultProvider(step.urn) || step.op === 'remove-pending-replace') return false;
  if (step.op === 'same') return options.showSames || protectionChanged(step);
  if (step.op === 'read' || step.op === 'read-replacement' || step.op === 'discard') return options.showReads;
  return true;
}

/** Whether a step is listed with its properties (`--diff`, `--json`): a replacement once, unless all of its parts are asked for. */
export function isListed(step: Step, options: Filter): boolean {
  if (isRootStack(step.urn)) return true;
  if (isDefaultProvider(step.urn)) return false;
  if (step.op === 'same') return options.showSames || protectionChanged(step);
  return options.showReplacementSteps || step.logical || !partsOfReplacement.has(step.op);
}

function protectionChanged({ old, new: next }: Step): boolean {
  return old !== undefined && next !== undefined && old.protect !== next.protect;
}
