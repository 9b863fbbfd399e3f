import { setTimeout as delay } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { ProviderError } from '../../protocol/provider.ts';
import { isServiceError } from '../../protocol/provider-errors.ts';
import { describeExit, type RunningPlugin } from './start-plugin.ts';

/**
 * A broken connection whose process has ended is a crash: says so, with what is known, instead of gRPC's words. Any other error is
 * returned as it is. `what` names the process: `provider plugin aws 7.1.0`.
 */
export async function explainPluginEnd(error: unknown, running: RunningPlugin, what: string): Promise<unknown> {
  const cause = error instanceof ProviderError ? error.cause : undefined;
  if (!isServiceError(cause) || !(cause.code === status.UNAVAILABLE || cause.code === status.INTERNAL)) return error;
  // The connection breaks a moment before the system reports the end.
  const exit = running.exit() ?? (await Promise.race([running.exited, delay(500, undefined, { ref: false })]));
  if (exit === undefined) return error;
  const said = running.lastOutput();
  const message = `The ${what} ended during the call: ${describeExit(exit)}.${said === '' ? '' : ` It wrote:\n${said}`}`;
  // Nobody knows how far it came.
  return new ProviderError(message, { status: 'unknown', cause: error });
}
