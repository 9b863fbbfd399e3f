import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import languageServices from '@pulumi/pulumi/proto/language_grpc_pb.js';
import messages from '@pulumi/pulumi/proto/language_pb.js';
import pluginMessages from '@pulumi/pulumi/proto/plugin_pb.js';
import { MonitorClient, MonitorGone } from './monitor-client.ts';
import { runProgram } from './program.ts';
import type { ProgramCallbacks } from './program-callbacks.ts';
import type { Operation } from './scenario-data.ts';

/**
 * A `LanguageRuntime` for `pulumi --client`: runs the program of the current operation in this process, so that neither engine has
 * to start one.
 */
export class ProgramServer {
  readonly #server = new Server();
  readonly #callbacks: ProgramCallbacks;
  current: Operation | undefined;
  address = '';

  constructor(callbacks: ProgramCallbacks) {
    this.#callbacks = callbacks;
  }

  async start(): Promise<void> {
    const { LanguageRuntimeService } = languageServices as unknown as { LanguageRuntimeService: never };
    this.#server.addService(LanguageRuntimeService, {
      getRequiredPlugins: answer(() => new messages.GetRequiredPluginsResponse()),
      getPluginInfo: answer(() => {
        const info = new pluginMessages.PluginInfo();
        info.setVersion('1.0.0');
        return info;
      }),
      run: (
        call: ServerUnaryCall<InstanceType<typeof messages.RunRequest>, unknown>,
        reply: sendUnaryData<unknown>,
      ) => {
        this.#run(call.request.getMonitorAddress()).then(
          (response) => reply(null, response),
          (error: Error) => reply({ code: status.UNKNOWN, message: error.message }),
        );
      },
    } as never);
    const port = await new Promise<number>((resolve, reject) =>
      this.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    );
    this.address = `127.0.0.1:${port}`;
  }

  close(): void {
    this.#server.forceShutdown();
  }

  async #run(monitorAddress: string): Promise<unknown> {
    const client = new MonitorClient(monitorAddress, this.#callbacks);
    const response = new messages.RunResponse();
    try {
      await runProgram(client, this.current!);
    } catch (error) {
      if (!(error instanceof MonitorGone)) response.setError(String(error));
      else response.setBail(true);
    } finally {
      client.close();
    }
    return response;
  }
}

function answer(make: () => unknown): (call: unknown, reply: sendUnaryData<unknown>) => void {
  return (_call, reply) => reply(null, make());
}
