import { setTimeout as sleep } from 'node:timers/promises';
import type { DeleteRequest } from '../../../protocol/provider.ts';
import { isApiError } from '../api-error.ts';
import type { ToolResult } from '../charts/executable.ts';
import type { RenderContext } from '../charts/helm-template.ts';
import type { Cluster } from '../cluster.ts';
import { fieldsAt, type KubeObject, kindOf, listAt, nameOf, namespaceOf, parseId } from '../object.ts';
import { objectOf } from '../property-object.ts';

const POLL_INTERVAL = 500;
const DEFAULT_SECONDS = 300;

/**
 * Whether what Helm names as left of a release it has uninstalled is gone soon after. Helm 4 stops waiting, without having waited its
 * time out, where the last news of an object that is just going reaches it late. False where it has waited its time out, where it names
 * something else, and where an object stands for longer than the time of the request, in seconds (default 300).
 */
export async function endsAfterHelm(
  request: DeleteRequest,
  { messages }: ToolResult,
  context: RenderContext,
): Promise<boolean> {
  const left = recordedObjects(request).filter((object) =>
    messages.includes(`resource ${nameInMessages(object)} still exists`),
  );
  const named = messages.split(' still exists').length - 1;
  if (named === 0 || left.length < named || messages.includes('deadline exceeded')) return false;
  const end = Date.now() + (request.timeout || DEFAULT_SECONDS) * 1000;
  while (!(await areGone(left, context.cluster))) {
    if (Date.now() > end) return false;
    await sleep(POLL_INTERVAL, undefined, context.signal ? { signal: context.signal } : {});
  }
  return true;
}

/** The objects of the output `resourceNames`: kind, group and version to the names. */
function recordedObjects(request: DeleteRequest): readonly KubeObject[] {
  const { namespace: releaseNamespace } = parseId(request.id);
  const names = fieldsAt(objectOf(request.outputs), 'resourceNames');
  return Object.keys(names).flatMap((key) => {
    const [kindAndGroup = '', ...version] = key.split('/');
    const [kind = ''] = kindAndGroup.split('.', 1);
    return listAt(names, key).map((id) => {
      const { namespace, name } = parseId(String(id));
      return { apiVersion: version.join('/'), kind, metadata: { name, namespace: namespace || releaseNamespace } };
    });
  });
}

function nameInMessages(object: KubeObject): string {
  return `${kindOf(object)}/${namespaceOf(object)}/${nameOf(object)}`;
}

async function areGone(objects: readonly KubeObject[], cluster: Cluster): Promise<boolean> {
  const gone = await Promise.all(
    objects.map((object) =>
      cluster.get(object).then(
        () => false,
        (error: unknown) => {
          if (isApiError(error, 404)) return true;
          throw error;
        },
      ),
    ),
  );
  return gone.every(Boolean);
}
