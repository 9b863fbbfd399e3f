import { accessSync, constants, mkdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { delimiter, join } from 'node:path';
import { PulumiCommand } from '@pulumi/pulumi/automation/index.js';
import { createEmbeddedPulumi } from '../../engine/automation/pulumi-command.ts';
import type { Environment } from '../../foundation/environment.ts';
import { messageOf, userError } from '../../foundation/errors.ts';
import type { RunStore } from '../core/run-store.ts';
import { createAutomationEngine } from './automation-engine.ts';
import type { Engine, EngineName, StackWork } from './engine.ts';
import { type EngineSettings, engineEnvironment } from './engine-environment.ts';
import { finishInTime } from './finish-in-time.ts';
import { createLimiter } from './limiter.ts';
import { createOfficialCommand } from './official-command.ts';
import { createMachineMeasure, createMeasuredRoom } from './room.ts';

export interface Engines {
  readonly byName: ReadonlyMap<EngineName, Engine>;
  /** Ends every process that is kept warm, after what was interrupted has finished what it is at or the time for that is over. */
  close(): Promise<void>;
}

/** The engines of this machine: the embedded one always, the official one where `pulumi` is on the PATH. */
export async function createEngines(options: {
  readonly settings: EngineSettings;
  readonly environment: Environment;
  readonly processes: RunStore['processes'];
  /** The most operations at the same time, of previews and of updates each; the machine may have room for fewer. */
  readonly parallel: number;
  /** How long what was interrupted may take to finish what it is at. Default 30. */
  readonly graceSeconds?: number;
  /** Says a line to whoever looks on. Default: nobody does. */
  readonly tell?: (line: string) => void;
  /** The engine that the runner's settings choose. */
  readonly wanted: EngineName | undefined;
}): Promise<Engines> {
  mkdirSync(options.settings.pulumiHome, { recursive: true });
  const environment = (work: StackWork) => engineEnvironment(options.settings, options.environment, work);
  // Each operation brings its whole environment: nothing is under it.
  const embedded = createEmbeddedPulumi({ environment: {} });
  const room = createMeasuredRoom({ measure: createMachineMeasure(), processors: cpus().length });
  // Previews never wait for updates: each have places of their own.
  const previews = createLimiter(options.parallel, room);
  const updates = createLimiter(options.parallel, room);
  const shared = { environment, processes: options.processes, previews, updates };
  const engines: Engine[] = [
    createAutomationEngine({
      ...{ ...shared, name: 'embedded', command: () => embedded as unknown as PulumiCommand },
      checkTypes: (folder, checked) => embedded.checkTypes(folder, checked),
      foreseeing: () => embedded.foreseeing() as unknown as PulumiCommand,
      proposing: () => embedded.proposing() as unknown as PulumiCommand,
    }),
  ];
  const executable = findExecutable('pulumi', options.environment.PATH ?? '');
  const official = executable && (await officialVersion(executable, options.wanted));
  if (executable && official) {
    const { version } = official;
    engines.push(
      createAutomationEngine({
        ...shared,
        name: 'official',
        command: (observer, limits) => createOfficialCommand({ executable, version, observer, limits }),
      }),
    );
  }
  return { byName: new Map(engines.map((engine) => [engine.name, engine])), close };

  /** Whatever was interrupted is given the time to write down how far it came. What takes longer is cut, and that is said. */
  async function close(): Promise<void> {
    const { graceSeconds = 30, tell = () => {} } = options;
    await finishInTime({ updates, previews }, { graceSeconds, tell });
    await embedded.close();
  }
}

/** An executable that cannot be used is a mistake of this machine: using another engine silently would hide it. */
async function officialVersion(executable: string, wanted: EngineName | undefined): Promise<PulumiCommand | undefined> {
  try {
    return await PulumiCommand.get();
  } catch (error) {
    // Whoever has chosen the embedded one is not kept from starting; a stack that names this one is told that it is not here.
    if (wanted === 'embedded') return undefined;
    throw userError(
      `Cannot use the official engine as it does not say its version: ${executable}: ${messageOf(error)} ` +
        'Install a release of it, or take it off the PATH.',
      { cause: error },
    );
  }
}

/** npm puts `node_modules/.bin` on the PATH: what is there is no installation of the official engine. */
function findExecutable(name: string, path: string): string | undefined {
  const folders = path
    .split(delimiter)
    .filter((folder) => folder !== '' && !folder.endsWith(join('node_modules', '.bin')));
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
