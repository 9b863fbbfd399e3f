import { userError } from '../../foundation/errors.ts';
import { createInlineProgramHost } from '../language/inline-program-host.ts';
import type { ProgramHost } from '../language/program-host.ts';
import type { Project } from '../project/project-file.ts';
import type { EngineServices } from './engine-services.ts';

/** Who runs the program: the Automation API's own server for `--client`, else Node. Rejects with a user error for other runtimes. */
export async function programHostOf(
  services: EngineServices,
  project: Project,
  client: string | undefined,
): Promise<ProgramHost> {
  if (client !== undefined) return createInlineProgramHost(client);
  if (project.runtime === 'nodejs') return services.programHost();
  throw userError(
    `Cannot run the program as the embedded engine has only the runtime nodejs: ${JSON.stringify(project.runtime)}. Use the official Pulumi CLI for this project.`,
    { place: { file: project.file } },
  );
}
