import type { RawDeployment, StackIdentity } from './backend.ts';
import type { Json, JsonObject } from './property-json.ts';

/**
 * A deployment under another stack (and project) name: every URN in it is rewritten, wherever it stands (pkg/resource/stack, rename). URNs inside
 * encrypted values cannot be seen and stay.
 */
export function renamedDeployment(raw: RawDeployment, from: StackIdentity, to: StackIdentity): RawDeployment {
  const before = `urn:pulumi:${from.stack}::${from.project}::`;
  const after = `urn:pulumi:${to.stack}::${to.project}::`;
  const rootName = (urn: string) =>
    urn === `${after}pulumi:pulumi:Stack::${from.project}-${from.stack}`
      ? `${after}pulumi:pulumi:Stack::${to.project}-${to.stack}`
      : urn;
  const rename = (json: Json | undefined): Json | undefined => {
    if (typeof json === 'string') return json.startsWith(before) ? rootName(after + json.slice(before.length)) : json;
    if (Array.isArray(json)) return json.map((item: Json) => rename(item) as Json);
    if (typeof json !== 'object' || json === null) return json;
    return Object.fromEntries(Object.entries(json as JsonObject).map(([key, value]) => [key, rename(value)]));
  };
  return { ...raw, deployment: rename(raw.deployment as JsonObject) as JsonObject };
}
