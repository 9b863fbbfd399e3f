import { createHash } from 'node:crypto';
import { isPropertyMap, type PropertyMap, type PropertyValue } from '../../../protocol/property-value.ts';
import { plain } from '../diff-inputs.ts';
import type { Draft } from '../package-model.ts';

/** The status that controllers would have written once everything is well; undefined for kinds without one. */
export function statusOf(draft: Draft & { readonly id: string }): PropertyMap | undefined {
  const spec = mapOf(draft.inputs.spec);
  const kind = String(plain(draft.inputs.kind));
  const replicas = plain(spec.replicas) ?? 1;
  const condition = (type: string) => [{ type, status: 'True', reason: 'Sandbox' }];
  switch (kind) {
    case 'Deployment':
      return {
        replicas,
        updatedReplicas: replicas,
        readyReplicas: replicas,
        availableReplicas: replicas,
        conditions: condition('Available'),
      };
    case 'StatefulSet':
      return { replicas, readyReplicas: replicas, currentReplicas: replicas, updatedReplicas: replicas };
    case 'Job':
      return { succeeded: 1, conditions: condition('Complete') };
    case 'Namespace':
    case 'PersistentVolumeClaim':
      return { phase: kind === 'Namespace' ? 'Active' : 'Bound' };
    case 'Ingress':
      return { loadBalancer: { ingress: [{ hostname: hostOf(draft) }] } };
    case 'Service':
      return plain(spec.type) === 'LoadBalancer'
        ? { loadBalancer: { ingress: [{ hostname: hostOf(draft) }] } }
        : { loadBalancer: {} };
    default:
      return undefined;
  }
}

function hostOf(draft: Draft & { readonly id: string }): string {
  return `${createHash('sha256').update(draft.urn).digest('hex').slice(0, 10)}.sandbox.example`;
}

function mapOf(value: PropertyValue | undefined): PropertyMap {
  const inner = plain(value);
  return isPropertyMap(inner) ? inner : {};
}
