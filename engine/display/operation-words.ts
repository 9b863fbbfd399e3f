import type { Step, StepOp } from '../deploy/step.ts';
import type { Colors } from './colors.ts';

/** What is said of one kind of step (pkg/backend/display, the wording that people know). */
interface OperationWords {
  /** Two columns before the resource. */
  readonly sign: string;
  readonly planned: string;
  readonly running: string;
  readonly done: string;
  readonly color: keyof Omit<Colors, 'enabled'>;
}

const words: Readonly<Record<StepOp, OperationWords>> = {
  same: { sign: '  ', planned: '', running: '', done: '', color: 'dim' },
  create: { sign: '+ ', planned: 'create', running: 'creating', done: 'created', color: 'create' },
  update: { sign: '~ ', planned: 'update', running: 'updating', done: 'updated', color: 'update' },
  delete: { sign: '- ', planned: 'delete', running: 'deleting', done: 'deleted', color: 'remove' },
  replace: { sign: '+-', planned: 'replace', running: 'replacing', done: 'replaced', color: 'replace' },
  'create-replacement': {
    sign: '++',
    planned: 'create replacement',
    running: 'creating replacement',
    done: 'created replacement',
    color: 'create',
  },
  'delete-replaced': {
    sign: '--',
    planned: 'delete original',
    running: 'deleting original',
    done: 'deleted original',
    color: 'remove',
  },
  read: { sign: '> ', planned: 'read', running: 'reading', done: 'read', color: 'read' },
  'read-replacement': {
    sign: '>>',
    planned: 'read for replacement',
    running: 'reading for replacement',
    done: 'read for replacement',
    color: 'replace',
  },
  refresh: { sign: '~ ', planned: 'refreshing', running: 'refreshing', done: 'refreshed', color: 'update' },
  discard: { sign: '< ', planned: 'discard', running: 'discarding', done: 'discarded', color: 'remove' },
  'discard-replaced': {
    sign: '<<',
    planned: 'discard original',
    running: 'discarding original',
    done: 'discarded original',
    color: 'update',
  },
  'remove-pending-replace': { sign: '~ ', planned: '', running: '', done: '', color: 'update' },
  import: { sign: '= ', planned: 'import', running: 'importing', done: 'imported', color: 'create' },
  'import-replacement': {
    sign: '=>',
    planned: 'import replacement',
    running: 'importing replacement',
    done: 'imported replacement',
    color: 'create',
  },
};

export function operationWords(op: StepOp): OperationWords {
  return words[op];
}

const LEAVES_BEHIND: readonly StepOp[] = ['delete', 'replace', 'create-replacement', 'delete-replaced'];

/** Stands behind the word of a step that forgets the old resource and leaves the real one (`retainOnDelete`); '' for others. */
export function retainMark({ op, old }: Pick<Step, 'op' | 'old'>): string {
  return old?.retainOnDelete && LEAVES_BEHIND.includes(op) ? '[retain]' : '';
}

/** The words of a step, with that mark. A resource without a step is one that stays as it is. */
export function stepWords(step: Pick<Step, 'op' | 'old'> | undefined): OperationWords {
  const found = words[step?.op ?? 'same'];
  const mark = step === undefined ? '' : retainMark(step);
  if (mark === '') return found;
  const { planned, running, done } = found;
  return { ...found, planned: planned + mark, running: running + mark, done: done + mark };
}

/** The order of the summary. Reads, and what is only forgotten, are no changes. */
export const summaryOrder: readonly StepOp[] = [
  'import',
  'create',
  'update',
  'delete',
  'replace',
  'create-replacement',
  'delete-replaced',
  'discard-replaced',
  'refresh',
  'import-replacement',
];
