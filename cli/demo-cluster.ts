import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument, type YAMLSeq } from 'yaml';
import { userError } from '../foundation/errors.ts';
import { commit, git, inClone } from './demo-repository.ts';

const SETTINGS_FILE = 'stacks/mainstay.yaml';

/** The stack of any Kubernetes that KUBECONFIG leads to: stacks/Pulumi.local.yaml. */
const STACK = 'local';

/** Has `npm start` deploy to the real cluster of KUBECONFIG too: puts the stack `local` into the demo's order of promotion. May be repeated. */
export async function addCluster(repository: string, say: (line: string) => void): Promise<void> {
  const files = kubeconfigFiles();
  if (files.length === 0)
    throw userError('Cannot use a cluster as KUBECONFIG is not set. Set it to the path of a file.');
  const lost = files.find((file) => !existsSync(file));
  if (lost !== undefined) throw userError(`Cannot use the cluster as KUBECONFIG names no file: ${lost}. Correct it.`);
  await inClone(repository, async (clone) => {
    const file = join(clone, SETTINGS_FILE);
    const settings = parseDocument(readFileSync(file, 'utf8'));
    const environments = settings.get('environments') as YAMLSeq;
    const known = (environments.toJSON() as readonly { readonly name: string }[]).some(({ name }) => name === STACK);
    if (known) return;
    environments.items.unshift(settings.createNode({ name: STACK, stacks: [STACK] }));
    writeFileSync(file, settings.toString({ lineWidth: 0 }));
    await commit(clone, 'Deploy to the cluster of KUBECONFIG too');
    await git(clone, 'push', '--quiet', 'origin', 'HEAD:main');
    say(`the stack ${STACK} is the cluster of KUBECONFIG: ${files.join(', ')}`);
  });
}

/** Says how a real cluster is used, where there is one. */
export function offerCluster(args: readonly string[]): void {
  const files = kubeconfigFiles();
  if (files.length === 0 || args.includes('--cluster')) return;
  console.log(`  A real cluster    KUBECONFIG is set (${files.join(', ')}): \`npm start -- --cluster\` deploys the stack ${STACK} to it too,
                    the namespace and the application of stacks/Pulumi.${STACK}.yaml and nothing else
`);
}

function kubeconfigFiles(): readonly string[] {
  return (process.env.KUBECONFIG ?? '').split(':').filter((file) => file !== '');
}
