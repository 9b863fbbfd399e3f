import { programOf } from '../project/project-file.ts';
import type { OpenStack, Workplace } from './open-stack.ts';
import type { OperationOptions } from './operation-options.ts';
import { programEnvironment } from './program-environment.ts';

/**
 * Starts the process that the operation's program will run in, so that it loads the SDK while the engine reads state and settings. Does
 * nothing where the operation runs no program of ours.
 */
export async function prepareProgram(place: Workplace, stack: OpenStack, options: OperationOptions): Promise<void> {
  const { project } = stack;
  if (options.client !== undefined || project.runtime !== 'nodejs') return;
  if (options.kind !== 'update' && !options.runProgram) return;
  const host = await place.services.programHost();
  host.prepare?.({
    programDirectory: programOf(project).directory,
    runtimeOptions: project.runtimeOptions,
    environment: programEnvironment(place.environment),
  });
}
