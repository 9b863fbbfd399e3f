import { userError } from '../../foundation/errors.ts';
import type { Template } from './decide-environments.ts';
import type { Settings } from './settings.ts';
import type { Stack } from './stack.ts';

/** The settings were read with their tree: each names one stack. */
export function templatesOf({ previewEnvironments }: Settings, stacks: readonly Stack[]): readonly Template[] {
  return previewEnvironments.map((settings) => {
    const stack = stacks.find(({ id, name }) => id === settings.stack || name === settings.stack);
    if (!stack) throw userError(`Cannot make preview environments as there is no such stack: ${settings.stack}.`);
    return { stack: stack.id, project: stack.project.name, settings };
  });
}
