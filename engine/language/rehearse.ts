import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** The part of grpc-js and of the SDK's generated clients that a rehearsal uses. */
interface Grpc {
  readonly credentials: { createInsecure(): unknown };
  readonly ServerCredentials: { createInsecure(): unknown };
  readonly Server: new () => {
    addService(service: unknown, methods: Readonly<Record<string, unknown>>): void;
    bindAsync(address: string, credentials: unknown, done: (error: Error | null, port: number) => void): void;
    forceShutdown(): void;
  };
}
interface EngineMessages {
  readonly RequirePulumiVersionRequest: new () => object;
  readonly RequirePulumiVersionResponse: new () => object;
}
interface EngineClient {
  requirePulumiVersion(request: object, done: (error: Error | null) => void): void;
  close(): void;
}

/** What a program's first resource goes through: their source maps take 50 ms to read. */
const mappedFiles = ['resource.js', 'output.js', 'runtime/resource.js', 'runtime/stack.js', 'cmd/run/run.js'];

/** Loaded by cmd/run at its start; `cmd/run/index` and `run` themselves begin to run when they are loaded. */
const lateModules = ['minimist', 'ini', 'semver', './tracing', './error', '../../runtime/stack', '../../tsutils'];

/**
 * Does once, in a process that waits anyway, what every program does first: reads the source maps of the SDK, and makes a gRPC call, to
 * itself, so that HTTP/2 is loaded and compiled. `require` is that of cmd/run.
 */
export async function rehearse(sdk: string, require: NodeJS.Require): Promise<void> {
  for (const module of lateModules) require(module);
  const maps = require('source-map-support') as {
    mapSourcePosition(position: { readonly source: string; readonly line: number; readonly column: number }): unknown;
  };
  for (const file of mappedFiles) maps.mapSourcePosition({ source: join(sdk, file), line: 100, column: 1 });
  await callItself(sdk, require);
  collectGarbage();
}

/** Loading leaves some 40 MB behind, which would be collected in the program's time. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  setFlagsFromString('--no-expose-gc');
}

async function callItself(sdk: string, require: NodeJS.Require): Promise<void> {
  const grpc = require('@grpc/grpc-js') as Grpc;
  const messages = require(join(sdk, 'proto/engine_pb.js')) as EngineMessages;
  const { EngineService, EngineClient } = require(join(sdk, 'proto/engine_grpc_pb.js')) as {
    readonly EngineService: Readonly<Record<string, unknown>>;
    readonly EngineClient: new (address: string, credentials: unknown) => EngineClient;
  };
  const server = new grpc.Server();
  const answer = (_call: unknown, done: (error: null, response: object) => void) =>
    done(null, new messages.RequirePulumiVersionResponse());
  const { requirePulumiVersion } = EngineService;
  server.addService({ requirePulumiVersion }, { requirePulumiVersion: answer });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  const client = new EngineClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  for (let call = 0; call < 3; call += 1)
    await new Promise<void>((resolve) =>
      client.requirePulumiVersion(new messages.RequirePulumiVersionRequest(), () => resolve()),
    );
  client.close();
  server.forceShutdown();
}
