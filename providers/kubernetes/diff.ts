import type { DiffKind, DiffRequest, DiffResponse, PropertyDiff } from '../../protocol/provider.ts';
import { annotations } from './annotations.ts';
import { isAutonamed, isNamed } from './autoname.ts';
import { assessJob } from './await/job.ts';
import { isNamespaced } from './check.ts';
import { checkpointInputs, readCheckpoint } from './checkpoint.ts';
import type { Cluster } from './cluster.ts';
import { compareFields, type FieldChange, formatFieldPath } from './compare.ts';
import { forceNewFields, touches } from './force-new.ts';
import { findImmutable } from './immutable-fields.ts';
import { isPatchType } from './kind.ts';
import { changesNothing } from './no-change.ts';
import { normalizeInputs } from './normalize.ts';
import {
  annotationOf,
  apiVersionOf,
  type KubeObject,
  kindOf,
  nameOf,
  namespaceOf,
  withoutValueAt,
  withValueAt,
} from './object.ts';
import { objectOf } from './property-object.ts';

/**
 * What an update would change: what was asked for last time (after a refresh: what the cluster has of it) against what is asked for
 * now. Values that the server made of a wish never show. Fields that cannot change make a replacement necessary, which has to
 * delete first where the new object must have the old one's name.
 */
export async function diffResource(request: DiffRequest, cluster: Cluster): Promise<DiffResponse> {
  const { live, fieldManager } = readCheckpoint(request.oldOutputs);
  const wanted = objectOf(request.newInputs);
  const { last, next } = await comparable(request, wanted, live, cluster);
  const isPatch = isPatchType(request.type, kindOf(next));
  const changes = compareFields(last, next).filter((change) => !isIgnored(change, request.ignoreChanges));
  const real = (await changesNothing({ changes, live, next, cluster })) ? [] : changes;
  const listed = forceNewFields(next, cluster.configuration, isPatch);
  const isListed = ({ path, value }: FieldChange) => touches(path, value, listed);
  // Where the list has none of them the server may: it is asked once, and only about what changes.
  const asked =
    isPatch || real.some(isListed) ? [] : await findImmutable({ changes: real, next, fieldManager, cluster });
  const detailedDiff = detailedDiffOf(real, (change) => isListed(change) || asked.includes(change));
  const replaces = Object.entries(detailedDiff)
    .filter(([path, { kind }]) => kind.endsWith('-replace') || (kind === 'delete' && path === 'metadata'))
    .map(([path]) => path);
  if (await mustReplaceUnready(next, live, cluster))
    replaces.push(`metadata.annotations["${annotations.replaceUnready}"]`);
  const always = cluster.configuration.renderYamlToDirectory !== undefined && cluster.configuration.alwaysRender;
  return {
    changes: always || replaces.length > 0 || Object.keys(detailedDiff).length > 0 ? 'some' : 'none',
    replaces,
    stables: [],
    deleteBeforeReplace: replaces.length > 0 && mustDeleteFirst(next, live),
    diffs: [...new Set(Object.keys(detailedDiff).map((path) => path.split(/[.[]/, 1)[0]!))],
    detailedDiff,
  };
}

/** Both sides in the same form, with the identity that the object really has. */
async function comparable(
  request: DiffRequest,
  wanted: KubeObject,
  live: KubeObject,
  cluster: Cluster,
): Promise<{ readonly last: KubeObject; readonly next: KubeObject }> {
  const recorded = objectOf(checkpointInputs(request.oldOutputs) ?? request.oldInputs);
  let last = normalizeInputs(recorded);
  let next = normalizeInputs(wanted);
  if (nameOf(next) !== '' && nameOf(live) !== '') last = withValueAt(last, ['metadata', 'name'], nameOf(live));
  if (await isNamespaced(next, cluster)) {
    last = withValueAt(last, ['metadata', 'namespace'], namespaceOf(last) || namespaceOf(live) || 'default');
    if (namespaceOf(next) === '' && !isUnknownNamespace(next))
      next = withValueAt(next, ['metadata', 'namespace'], 'default');
  } else {
    last = withoutValueAt(last, ['metadata', 'namespace']);
    next = withoutValueAt(next, ['metadata', 'namespace']);
  }
  if (apiVersionOf(last) === '')
    last = { ...last, apiVersion: apiVersionOf(live) || apiVersionOf(next), kind: kindOf(live) || kindOf(next) };
  return { last, next };
}

function isUnknownNamespace(object: KubeObject): boolean {
  const metadata = object.metadata;
  return typeof metadata === 'object' && metadata !== null && 'namespace' in metadata && metadata.namespace !== '';
}

function detailedDiffOf(
  changes: readonly FieldChange[],
  isReplacing: (change: FieldChange) => boolean,
): Readonly<Record<string, PropertyDiff>> {
  return Object.fromEntries(
    changes.map((change) => {
      const { path, kind } = change;
      const diffKind: DiffKind = isReplacing(change) ? `${kind}-replace` : kind;
      return [formatFieldPath(path), { kind: diffKind, inputDiff: kind === 'delete' }];
    }),
  );
}

function mustDeleteFirst(next: KubeObject, live: KubeObject): boolean {
  return (
    isNamed(next) && !isAutonamed(next) && nameOf(next) === nameOf(live) && namespaceOf(next) === namespaceOf(live)
  );
}

/** `pulumi.com/replaceUnready`: a Job that has failed is made anew. */
async function mustReplaceUnready(next: KubeObject, live: KubeObject, cluster: Cluster): Promise<boolean> {
  if (annotationOf(next, annotations.replaceUnready) !== 'true' || kindOf(next) !== 'Job') return false;
  if (cluster.unusable !== undefined) return false;
  // A Job that cannot be read is not known to have failed.
  const current = await cluster.get(live).catch(() => undefined);
  return current !== undefined && !assessJob(current).ready;
}

/** Whether the program asked to ignore what is at or below one of these property paths. */
function isIgnored(change: FieldChange, ignored: readonly string[]): boolean {
  const path = formatFieldPath(change.path);
  return ignored.some((prefix) => path === prefix || path.startsWith(`${prefix}.`) || path.startsWith(`${prefix}[`));
}
