import { installedSdks } from '../language/required-packages.ts';
import { type DefaultPackages, defaultPackages } from '../plugins/default-packages.ts';
import { programOf } from '../project/project-file.ts';
import type { Snapshot } from '../state/snapshot.ts';
import type { OpenStack } from './open-stack.ts';

/**
 * What providers are made of where neither resource nor import says it: the program's SDKs, or the state where it has none. Of an inline
 * program only the state is known. Rejects with a user error where that cannot be told.
 */
export async function packagesOf(
  { project }: Pick<OpenStack, 'project'>,
  { resources }: Pick<Snapshot, 'resources'>,
  { client }: { readonly client?: string } = {},
): Promise<DefaultPackages> {
  const sdks = client === undefined ? await installedSdks(programOf(project).directory) : [];
  return defaultPackages({ sdks, resources });
}
