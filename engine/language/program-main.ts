/**
 * What runs in a program's process before the program. It loads the SDK, then waits for its one assignment, puts environment, directory
 * and arguments in place as if the process had been started with them, and hands over to the SDK's own cmd/run. It may wait long with
 * everything loaded (see warm-programs.ts), or find its assignment there at once.
 */
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FrameChannel } from '../../protocol/frame-channel.ts';
import { installFastStackTraces } from './fast-stack-traces.ts';
import { installFrameClients } from './frame-clients.ts';
import { endedEarlyExitCode, type ProgramAssignment, type ProgramPreload } from './program-assignment.ts';
import { rehearse } from './rehearse.ts';
import { installTypeScript } from './typescript-hooks.ts';

/** The parts of the SDK's state that survive: what the provider SDKs registered while they were loaded (runtime/state.js). */
interface SdkStore {
  resourcePackages?: unknown;
  resourceModules?: unknown;
}
type SdkGlobal = typeof globalThis & { globalStore?: SdkStore };

const preload = JSON.parse(process.argv[2] ?? '') as ProgramPreload;
// The program's own child processes are none of our cache's business.
delete process.env.NODE_COMPILE_CACHE;
const require = createRequire(preload.runPath);

const engine = openChannel();
await loadSdk();
const assignment = await engine.assignment;
if (assignment === undefined) process.exit(0);
engine.release();
startProgram(assignment);

async function loadSdk(): Promise<void> {
  const { isInitializedAsync } = require(join(preload.sdk, 'runtime/closure/v8Hooks.js')) as {
    isInitializedAsync(): Promise<void>;
  };
  // V8's debugger tells of every script that it knows when it is switched on: the earlier, the fewer.
  await isInitializedAsync();
  require('source-map-support/register');
  installFrameClients(preload.sdk, require, engine);
  require(preload.sdk);
  for (const file of preload.packages) require(file);
  if (preload.rehearse) rehearse(preload.sdk, require);
}

interface EngineChannel {
  /** Undefined: the engine has nothing to run. */
  readonly assignment: Promise<ProgramAssignment | undefined>;
  channelFor(address: string): FrameChannel | undefined;
  /** From now on the channel keeps the process alive only while a call waits for its answer. */
  release(): void;
}

function openChannel(): EngineChannel {
  const socket = new Socket({ fd: 3, readable: true, writable: true });
  const received = Promise.withResolvers<ProgramAssignment | undefined>();
  let served: readonly string[] = [];
  const channel = new FrameChannel(socket, {
    async answer(_path, payload) {
      const given = JSON.parse(payload.toString()) as ProgramAssignment;
      ({ served } = given);
      received.resolve(given);
      return new Uint8Array();
    },
    onWaiting: (waiting) => void (waiting ? socket.ref() : socket.unref()),
    onClosed: () => received.resolve(undefined),
  });
  return {
    assignment: received.promise,
    channelFor: (address) => (served.includes(address) ? channel : undefined),
    release: () => void socket.unref(),
  };
}

function startProgram({ environment, directory, arguments: args, typescript }: ProgramAssignment): void {
  replaceEnvironment(environment);
  process.chdir(directory);
  if (typescript !== undefined) {
    const outputs = new Map<string, string>();
    installSourceMaps(outputs);
    installTypeScript(directory, typescript, (file, output) => outputs.set(file, output));
    failEarlyEnd();
  }
  process.argv = [process.argv[0]!, preload.runPath, ...args];
  require(preload.runPath);
  renewStore();
  // `require.main` of the program's modules is cmd/run, as when it is started by itself.
  process.mainModule = require.cache[preload.runPath];
}

function replaceEnvironment(environment: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
}

/**
 * The SDK keeps what it found in the environment when its state was first asked for, which was too early (facts 10.3, 4). cmd/run has put its
 * arguments into the environment by now, and has not begun with the program.
 */
function renewStore(): void {
  const global = globalThis as SdkGlobal;
  const loaded = global.globalStore;
  if (loaded === undefined) return;
  const { LocalStore } = require(join(preload.sdk, 'runtime/state.js')) as { LocalStore: new () => SdkStore };
  const store = new LocalStore();
  store.resourcePackages = loaded.resourcePackages;
  store.resourceModules = loaded.resourceModules;
  global.globalStore = store;
}

function installSourceMaps(outputs: ReadonlyMap<string, string>): void {
  const support = require('source-map-support') as {
    install(options: { readonly retrieveFile: (path: string) => string | null }): void;
  };
  const retrieveFile = (path: string) => outputs.get(path.startsWith('file:') ? fileURLToPath(path) : path) ?? null;
  support.install({ retrieveFile });
  installFastStackTraces(Error.prepareStackTrace as never);
}

/**
 * `process.exit(0)` in the middle of a program looks like its success, and success means that what was not registered is deleted. A
 * program that has come to its end empties the event loop first.
 */
function failEarlyEnd(): void {
  let emptied = false;
  process.on('beforeExit', () => {
    emptied = true;
  });
  process.on('exit', (code) => {
    if (code === 0 && !emptied) process.exitCode = endedEarlyExitCode;
  });
}
