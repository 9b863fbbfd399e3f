import type { TestCloud } from '../../engine/deploy/testing/test-cloud.ts';
import type { Provider } from '../../protocol/provider.ts';
import { constructRemote } from './remote-component.ts';

/** A provider that is always the cloud of the day. Timeouts that it is given are noted as calls. */
export function forwarding(cloud: () => TestCloud): Provider {
  const note = (method: string, { name, timeout = 0 }: { readonly name: string; readonly timeout?: number }): void => {
    if (timeout > 0) cloud().calls.push(`${method} ${name} within ${timeout} s`);
  };
  return {
    configure: () => cloud().configure(),
    diffConfig: (request) => cloud().diffConfig(request),
    check: (request) => cloud().check(request),
    diff: (request) => cloud().diff(request),
    create: (request) => {
      if (!request.preview) note('create', request);
      return cloud().create(request);
    },
    read: (request) => {
      note('read', request);
      return cloud().read(request);
    },
    update: (request) => {
      if (!request.preview) note('update', request);
      return cloud().update(request);
    },
    delete: (request) => {
      note('delete', request);
      return cloud().delete(request);
    },
    invoke: () => cloud().invoke(),
    construct: constructRemote,
    close: async () => {},
  };
}
