import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toolFolder } from '../servers/start.ts';

const ROOT = join(import.meta.dirname, '..', '..');

export const CHART = join(ROOT, 'deploy', 'chart');
export const MANIFESTS = join(ROOT, 'deploy', 'kubernetes', 'mainstay.yaml');

const HEAD = `# Mainstay in a cluster without Helm: one replica, the embedded database, a volume of 10 GiB. Made from deploy/chart by
# \`node test/deploy/manifests.ts\`; edit the repository's name and address below, then:
#   kubectl apply -f deploy/kubernetes/mainstay.yaml
apiVersion: v1
kind: Namespace
metadata:
  name: mainstay
  labels:
    pod-security.kubernetes.io/enforce: restricted
`;

/** The plain manifests, as the chart makes them with nothing but a repository set. */
export async function renderManifests(): Promise<string> {
  const helm = join(await toolFolder('helm'), 'helm');
  const values = ['repositories[0].name=shop', 'repositories[0].url=https://git.example/shop.git'];
  const args = ['template', 'mainstay', CHART, '--namespace', 'mainstay', '--set', values.join(',')];
  const rendered = execFileSync(helm, args, { encoding: 'utf8', maxBuffer: 16 * 2 ** 20 });
  const documents = rendered
    .split(/^---\n/m)
    .map((text) =>
      text
        .replaceAll(/^# Source: .*\n/gm, '')
        .replaceAll(/^.*(helm\.sh\/chart|managed-by): .*\n/gm, '')
        .trim(),
    )
    .filter((text) => text !== '')
    .map((text) => text.replace(/^metadata:\n/m, 'metadata:\n  namespace: mainstay\n'));
  return `${[HEAD.trim(), ...documents].join('\n---\n')}\n`;
}

if (import.meta.main) writeFileSync(MANIFESTS, await renderManifests());
