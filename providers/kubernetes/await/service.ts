import { fieldsAt, isFields, type KubeObject, listAt, nameOf, textAt, valueAt } from '../object.ts';
import { type Awaiter, NOT_READY, READY, type Related } from './awaiter.ts';
import { warningsAbout } from './pods.ts';

/**
 * A Service is ready when at least one pod answers for it and, where it is of type LoadBalancer, it has an address. A Service
 * without selector or of type ExternalName has no pods.
 */
export const serviceAwaiter: Awaiter = {
  decides: ['EndpointSlice'],
  explains: ['Event'],
  checkedOnRead: true,
  assess: (live, related) =>
    hasAddress(live) && (!needsEndpoints(live) || hasReadyEndpoint(nameOf(live), related)) ? READY : NOT_READY,
  explain(live, related) {
    const missing: string[] = [];
    if (needsEndpoints(live) && !hasReadyEndpoint(nameOf(live), related))
      missing.push(`no ready pod matches its selector ${JSON.stringify(fieldsAt(live, 'spec', 'selector'))}`);
    if (!hasAddress(live)) missing.push('it has no load balancer address yet: nothing in the cluster has given it one');
    return [...missing, ...warningsAbout([live], related)];
  },
};

function needsEndpoints(service: KubeObject): boolean {
  const selector = Object.keys(fieldsAt(service, 'spec', 'selector'));
  return textAt(service, 'spec', 'type') !== 'ExternalName' && selector.length > 0;
}

function hasAddress(service: KubeObject): boolean {
  return (
    textAt(service, 'spec', 'type') !== 'LoadBalancer' ||
    listAt(service, 'status', 'loadBalancer', 'ingress').length > 0
  );
}

/** Whether a pod that is ready stands behind the Service called `name`. An endpoint that does not say is ready. */
export function hasReadyEndpoint(name: string, related: Related): boolean {
  return related('EndpointSlice').some(
    (slice) =>
      textAt(slice, 'metadata', 'labels', 'kubernetes.io/service-name') === name &&
      listAt(slice, 'endpoints').some(
        (endpoint) => isFields(endpoint) && valueAt(endpoint, 'conditions', 'ready') !== false,
      ),
  );
}
