import { type TypeProblem, typeCheckProgram } from '../language/type-check-program.ts';
import { programOf, readProject } from '../project/project-file.ts';

/**
 * Checks the types of the Pulumi program at or above the directory, as its own tsconfig says. A step by itself, incremental: previews and
 * updates never wait for it. Resolves to every problem; none for programs that have no types. Rejects with a user error for a
 * broken Pulumi.yaml, or where the compiler cannot run.
 */
export async function checkTypes(
  directory: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<readonly TypeProblem[]> {
  const project = await readProject(directory);
  if (project.runtime !== 'nodejs') return [];
  const { directory: programDirectory } = programOf(project);
  return typeCheckProgram({ ...options, programDirectory, runtimeOptions: project.runtimeOptions });
}
