import type { Command } from './command.ts';
import { configCommand } from './config-command.ts';
import { importCommand } from './import-command.ts';
import { destroyCommand, previewCommand, refreshCommand, upCommand } from './operation-commands.ts';
import { pluginCommand } from './plugin-command.ts';
import {
  aboutCommand,
  cancelCommand,
  loginCommand,
  logoutCommand,
  orgCommand,
  versionCommand,
  whoamiCommand,
} from './session-commands.ts';
import { globalFlags } from './shared-flags.ts';
import { stackCommand } from './stack-command.ts';
import { stateCommand } from './state-command.ts';

const cloud = 'it needs Pulumi Cloud';
const generation = 'it generates no code';

/** Commands of the official CLI that the engine does not have, and why. */
const unsupported: readonly (readonly [name: string, why: string])[] = [
  ['new', 'it makes no projects from templates'],
  ['console', cloud],
  ['env', cloud],
  ['project', cloud],
  ['deployment', cloud],
  ['api', cloud],
  ['insights', cloud],
  ['do', 'it runs programs only'],
  ['policy', 'it publishes no policy packs; run one with `preview --policy-pack`'],
  ['schema', generation],
  ['package', generation],
  ['convert', generation],
  ['gen-completion', 'it has no completion scripts'],
  ['watch', 'it watches no files'],
  ['logs', 'it gathers no logs of resources'],
  ['template', 'it has no templates'],
  ['install', 'it installs nothing; run the package manager of the program, `npm ci` for example'],
  ['neo', cloud],
  ['view-trace', 'it writes no traces'],
  ['convert-trace', 'it writes no traces'],
  ['replay-events', 'it replays no events'],
];

/** Every command. */
export const commandTable: Command = {
  name: 'pulumi',
  summary: 'Pulumi, by the embedded engine of Mainstay',
  sharedFlags: globalFlags,
  commands: [
    previewCommand,
    upCommand,
    refreshCommand,
    destroyCommand,
    importCommand,
    stackCommand,
    configCommand,
    stateCommand,
    cancelCommand,
    pluginCommand,
    loginCommand,
    logoutCommand,
    whoamiCommand,
    aboutCommand,
    orgCommand,
    versionCommand,
    ...unsupported.map(([name, why]): Command => ({ name, summary: '', unsupported: why })),
  ],
};
