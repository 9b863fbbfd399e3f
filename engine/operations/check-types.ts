import { type TypeCheckRequest, type TypeProblem, typeCheckProgram } from '../language/type-check-program.ts';
import { programOf, readProject } from '../project/project-file.ts';

export type TypeCheckOptions = Pick<TypeCheckRequest, 'signal' | 'limits'>;

/**
 * Checks the types of the Pulumi program at or above the directory, as its own tsconfig says. A step by itself, incremental: previews and
 * updates never wait for it. Resolves to every problem; undefined for programs where nothing says what to check. Rejects with a user error for a
 * broken Pulumi.yaml, or where the compiler cannot run.
 */
export async function checkTypes(
  directory: string,
  options: TypeCheckOptions = {},
): Promise<readonly TypeProblem[] | undefined> {
  const project = await readProject(directory);
  if (project.runtime !== 'nodejs') return undefined;
  const { directory: programDirectory } = programOf(project);
  return typeCheckProgram({ ...options, programDirectory, runtimeOptions: project.runtimeOptions });
}
