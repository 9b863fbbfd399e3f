import type { Provider } from '../../protocol/provider.ts';

/** A provider that is always the cloud of the day. */
export function forwarding(cloud: () => Provider): Provider {
  return {
    configure: (request) => cloud().configure(request),
    diffConfig: (request) => cloud().diffConfig!(request),
    check: (request) => cloud().check(request),
    diff: (request) => cloud().diff(request),
    create: (request) => cloud().create(request),
    read: (request) => cloud().read(request),
    update: (request) => cloud().update(request),
    delete: (request) => cloud().delete(request),
    invoke: (request) => cloud().invoke(request),
    close: async () => {},
  };
}
