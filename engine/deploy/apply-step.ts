import { applyCreate } from './apply-create.ts';
import { applyDelete } from './apply-delete.ts';
import { applyImport } from './apply-import.ts';
import { applyRead } from './apply-read.ts';
import { applyRefresh } from './apply-refresh.ts';
import { applySame } from './apply-same.ts';
import { applyUpdate } from './apply-update.ts';
import type { DeploymentContext } from './deployment-context.ts';
import type { PlannedStep } from './planned-step.ts';
import { type StepEnd, succeeded } from './step-end.ts';

/** Carries out one step. Rejects where nothing was done, or nobody can tell. */
export async function applyStep(context: DeploymentContext, { step, action }: PlannedStep): Promise<StepEnd> {
  switch (action.kind) {
    case 'same':
      return applySame(context, step, action);
    case 'create':
      return applyCreate(context, step, action);
    case 'update':
      return applyUpdate(context, step, action);
    case 'delete':
      return applyDelete(context, step, action);
    case 'read':
      return applyRead(context, step, action);
    case 'refresh':
      return applyRefresh(context, step, action);
    case 'import':
      return applyImport(context, step, action);
    case 'replace':
    case 'remove-pending-replace':
      // The state alone changes; the recorder sees to that.
      return succeeded(step);
  }
}
