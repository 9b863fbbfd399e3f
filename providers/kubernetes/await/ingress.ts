import { type KubeObject, listAt, nameOf, textAt } from '../object.ts';
import { type Awaiter, NOT_READY, READY, type Related } from './awaiter.ts';
import { warningsAbout } from './pods.ts';
import { hasReadyEndpoint } from './service.ts';

/** An Ingress is ready when a controller has given it an address and every service behind it has a ready pod. */
export const ingressAwaiter: Awaiter = {
  decides: ['Service', 'EndpointSlice'],
  explains: ['Event'],
  checkedOnRead: true,
  assess: (live, related) => (hasAddress(live) && missingBackends(live, related).length === 0 ? READY : NOT_READY),
  explain(live, related) {
    const missing = missingBackends(live, related);
    const address = hasAddress(live) ? [] : ['it has no address yet: no ingress controller has given it one'];
    return [...missing, ...address, ...warningsAbout([live], related)];
  },
};

function hasAddress(ingress: KubeObject): boolean {
  return listAt(ingress, 'status', 'loadBalancer', 'ingress').length > 0;
}

function missingBackends(ingress: KubeObject, related: Related): readonly string[] {
  return backendNames(ingress).flatMap((name) => {
    const service = related('Service').find((candidate) => nameOf(candidate) === name);
    if (!service) return [`the service ${JSON.stringify(name)} does not exist`];
    const external = textAt(service, 'spec', 'type') === 'ExternalName';
    return external || hasReadyEndpoint(name, related)
      ? []
      : [`no ready pod is behind the service ${JSON.stringify(name)}`];
  });
}

/** Both the form of networking.k8s.io/v1 and the older one. */
function backendNames(ingress: KubeObject): readonly string[] {
  const paths = listAt(ingress, 'spec', 'rules').flatMap((rule) => listAt(rule, 'http', 'paths'));
  const names = paths.map(
    (path) => textAt(path, 'backend', 'service', 'name') || textAt(path, 'backend', 'serviceName'),
  );
  return [...new Set(names.filter((name) => name !== ''))];
}
