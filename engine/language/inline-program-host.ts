import { type ServiceError, status } from '@grpc/grpc-js';
import { userError } from '../../foundation/errors.ts';
import { callMethod, openClient } from '../../protocol/grpc-call.ts';
import type { Method } from '../../protocol/provider-messages.ts';
import { flag, integer, type MessageContent, mapOf, message, text, texts } from '../../protocol/wire-message.ts';
import type { ProgramHost, ProgramOutcome, ProgramRun } from './program-host.ts';

const request = message({
  project: text(1),
  stack: text(2),
  directory: text(3),
  program: text(4),
  arguments: texts(5),
  config: mapOf(6, text(0)),
  dryRun: flag(7),
  parallel: integer(8),
  monitorAddress: text(9),
  configSecretKeys: texts(11),
  organization: text(12),
});
const response = message({ error: text(1), bail: flag(2) });

/** `pulumirpc.LanguageRuntime.Run` (proto/pulumi/language.proto). */
const run: Method<MessageContent<typeof request>, MessageContent<typeof response>> = {
  path: '/pulumirpc.LanguageRuntime/Run',
  request,
  response,
};

/**
 * Runs programs in the process of an Automation API caller: `address` (`host:port`) is the language runtime that it serves and names with
 * `--client` (facts 1.6). The program's output is the caller's own. Throws a user error for a malformed address.
 */
export function createInlineProgramHost(address: string): ProgramHost {
  if (!/^.+:\d{1,5}$/.test(address))
    throw userError(
      `Cannot use --client as it is not host:port: ${JSON.stringify(address)}. Give the address of the language runtime.`,
    );
  return {
    async run(programRun) {
      const client = openClient(address);
      const cancelled = Promise.withResolvers<ProgramOutcome>();
      const cancel = () => cancelled.resolve({ kind: 'bail' });
      programRun.signal.addEventListener('abort', cancel, { once: true });
      if (programRun.signal.aborted) cancel();
      try {
        return await Promise.race([callRun(client, programRun), cancelled.promise]);
      } finally {
        programRun.signal.removeEventListener('abort', cancel);
        // Ends the call, if it is still open.
        client.close();
      }
    },
    close: async () => {},
  };
}

async function callRun(client: ReturnType<typeof openClient>, programRun: ProgramRun): Promise<ProgramOutcome> {
  const { programDirectory, entryPoint, engineAddress, config, configSecretKeys, ...identity } = programRun;
  try {
    const { error, bail } = await callMethod(client, run, {
      ...identity,
      directory: programDirectory,
      program: entryPoint,
      arguments: [engineAddress],
      config,
      configSecretKeys,
    });
    if (bail) return { kind: 'bail' };
    return error === '' ? { kind: 'done' } : { kind: 'failed', message: error };
  } catch (error) {
    return { kind: 'failed', message: describe(error as ServiceError) };
  }
}

/** A failing program fails the call itself, with its message. */
function describe({ code, details, message: whole }: ServiceError): string {
  if (code === status.UNAVAILABLE || code === status.CANCELLED)
    return `Cannot run the program as the caller's language runtime is gone: ${details}. Did the calling process end?`;
  return details || whole;
}
