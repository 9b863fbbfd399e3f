import type { Method } from './provider-messages.ts';
import { flag, integer, message, text } from './wire-message.ts';

/** `pulumirpc.LogSeverity`: its numbers are positions in this list. */
export const logSeverities = ['debug', 'info', 'warning', 'error'] as const;
const empty = message({});

function method<Q, A>(
  name: string,
  request: Method<Q, A>['request'],
  response: Method<Q, A>['response'],
): Method<Q, A> {
  return { path: `/pulumirpc.Engine/${name}`, request, response };
}

/** The parts of `pulumirpc.Engine` that plugins use (proto/pulumi/engine.proto). */
export const engineMethods = {
  log: method(
    'Log',
    message({ severity: integer(1), message: text(2), urn: text(3), streamId: integer(4), ephemeral: flag(5) }),
    empty,
  ),
  getRootResource: method('GetRootResource', empty, message({ urn: text(1) })),
  setRootResource: method('SetRootResource', message({ urn: text(1) }), empty),
};
