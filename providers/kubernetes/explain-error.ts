import { messageOf } from '../../foundation/errors.ts';
import { ProviderError } from '../../protocol/provider.ts';
import { ApiError, conflictingManagers, isMissingNamespace, NoSuchKindError, UnreachableError } from './api-error.ts';
import { describe, type KubeObject, namespaceOf } from './object.ts';

/** What was being done, for messages: `create`, `update`, ... */
export type Verb = 'create' | 'update' | 'patch' | 'read' | 'delete' | 'preview';

/** The one clear error of a failed request: what, why in the server's own words, and what to do. Nothing was stored. */
export function explainError(error: unknown, verb: Verb, object: KubeObject): ProviderError {
  if (error instanceof ProviderError) return error;
  const text = (why: string) => new ProviderError(`Cannot ${verb} ${describe(object)} as ${why}`, { cause: error });
  if (error instanceof UnreachableError)
    return text(
      `the configured Kubernetes cluster is unreachable: ${error.message}. If the cluster was deleted, set PULUMI_K8S_DELETE_UNREACHABLE=true ` +
        `to remove its resources from the state with a refresh or destroy.`,
    );
  if (error instanceof NoSuchKindError)
    return text(
      `${error.message}. Install the definition first, or make this resource depend on the resource that does.`,
    );
  if (error instanceof ApiError) return text(explainRefusal(error, verb, object));
  if (error instanceof Error && error.name === 'MainstayError')
    return new ProviderError(error.message, { cause: error });
  return text(`${messageOf(error)}.`);
}

function explainRefusal(error: ApiError, verb: Verb, object: KubeObject): string {
  const own = `the API server refused it: ${error.message}`;
  if (isMissingNamespace(error))
    return (
      `its namespace does not exist: ${JSON.stringify(namespaceOf(object))}. Create the namespace first, or use the output of the ` +
      `Namespace resource as the namespace, so that Pulumi knows the order.`
    );
  if (error.code === 403) return explainForbidden(error);
  if (error.code === 409 && error.reason === 'AlreadyExists')
    return (
      `it exists already in the cluster, and not by this stack. Bring it in with pulumi import, change only some of its fields with ` +
      `the ...Patch resource of its kind, choose another name, or set upsertExistingObjects on the provider to take it over. If ` +
      `the resource was renamed in the program, give it an alias.`
    );
  const conflicts = conflictingManagers(error);
  if (conflicts.length > 0) return explainConflicts(conflicts);
  if (error.code === 422) return `${own}. Correct the fields named here.`;
  if (error.code === 404 && verb !== 'create') return `it does not exist any more: ${error.message}. Run a refresh.`;
  return `${own}.`;
}

/** RBAC's message names user, verb, resource and scope: the rule that is missing. Other refusals (webhooks, policies) speak for themselves. */
function explainForbidden(error: ApiError): string {
  const rule =
    /cannot (\S+) resource "([^"]*)" in API group "([^"]*)"(?: in the namespace "([^"]*)"| at the cluster scope)?/.exec(
      error.message,
    );
  if (!rule) return `the API server forbids it: ${error.message}. Ask who runs the policy or webhook named here.`;
  const [, verb, resource, group, namespace] = rule;
  const user = /User "([^"]*)"/.exec(error.message)?.[1] ?? 'this user';
  const scope = namespace === undefined ? 'a ClusterRole' : `a Role in the namespace ${JSON.stringify(namespace)}`;
  return (
    `${JSON.stringify(user)} is not allowed to: ${error.message}. The rule that is missing: ${scope} with apiGroups: ` +
    `[${JSON.stringify(group)}], resources: [${JSON.stringify(resource)}], verbs: [${JSON.stringify(verb)}], bound to it.`
  );
}

function explainConflicts(conflicts: readonly { readonly manager: string; readonly field: string }[]): string {
  const byManager = Map.groupBy(conflicts, ({ manager }) => manager);
  const list = [...byManager].map(
    ([manager, items]) => `${JSON.stringify(manager)} (${items.map(({ field }) => field).join(', ')})`,
  );
  return (
    `other field managers have set the same fields to other values: ${list.join('; ')}. Leave these fields out of the program, or ` +
    `take them over with the annotation pulumi.com/patchForce: "true" (or enablePatchForce on the provider).`
  );
}
