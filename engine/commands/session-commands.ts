import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { backendUrl, openProjectBackend, openStack, projectIfAny } from '../operations/open-stack.ts';
import { forgetBackend, rememberBackend } from '../operations/pulumi-home.ts';
import { engineVersion } from '../version.ts';
import type { Command } from './command.ts';
import { confirmByName } from './confirm.ts';
import { CommandFailure } from './exit-codes.ts';
import type { FlagSpec, Flags } from './flags.ts';
import { outputFlags, stackFlag, yesFlag } from './shared-flags.ts';
import { jsonText } from './table-text.ts';
import { wantsJson } from './wants-json.ts';

const cloud = 'it needs Pulumi Cloud';

export const versionCommand: Command = {
  name: 'version',
  summary: "Print Pulumi's version number",
  async run(context) {
    context.terminal.write(`v${engineVersion}\n`);
    return undefined;
  },
};

export const whoamiCommand: Command = {
  name: 'whoami',
  summary: 'Display the current logged-in user',
  flags: [...outputFlags, { name: 'verbose', short: 'v', kind: 'boolean', summary: 'Show the backend too' }],
  async run(context, _args, flags) {
    const url = await backendUrl(context, await projectIfAny(context));
    const user = userInfo().username;
    if (wantsJson(flags)) context.terminal.write(jsonText({ user, url }));
    else if (flags.boolean('verbose'))
      context.terminal.write(`User: ${user}\nOrganizations: \nBackend URL: ${url}\nToken type: personal\n`);
    else context.terminal.write(`${user}\n`);
    return undefined;
  },
};

const cloudUrlFlag: FlagSpec = { name: 'cloud-url', short: 'c', kind: 'text', summary: 'The backend' };
const localFlag: FlagSpec = { name: 'local', short: 'l', kind: 'boolean', summary: 'The backend file://~' };

function urlOf([positional]: readonly string[], flags: Flags): string | undefined {
  return positional ?? flags.text('cloud-url') ?? (flags.boolean('local') ? 'file://~' : undefined);
}

export const loginCommand: Command = {
  name: 'login',
  summary: 'Log in to a Pulumi state backend',
  usage: '[url]',
  arguments: { minimum: 0, maximum: 1 },
  flags: [
    cloudUrlFlag,
    localFlag,
    ...['default-org', 'oidc-expiration', 'oidc-org', 'oidc-team', 'oidc-token', 'oidc-user'].map(
      (name): FlagSpec => ({ name, kind: 'text', summary: '', unsupported: cloud }),
    ),
    { name: 'insecure', kind: 'boolean', summary: '', unsupported: cloud },
    { name: 'interactive', kind: 'boolean', summary: '', unsupported: cloud },
  ],
  async run(context, args, flags) {
    const url = urlOf(args, flags) ?? (await backendUrl(context, await projectIfAny(context)));
    await context.services.backend(url, context);
    await rememberBackend(context.environment, url);
    context.terminal.write(`Logged in to ${hostname()} as ${userInfo().username} (${url})\n`);
    return undefined;
  },
};

export const logoutCommand: Command = {
  name: 'logout',
  summary: 'Log out of a Pulumi state backend',
  usage: '[url]',
  arguments: { minimum: 0, maximum: 1 },
  flags: [cloudUrlFlag, localFlag, { name: 'all', kind: 'boolean', summary: 'Log out of all backends' }],
  async run(context, args, flags) {
    if (flags.boolean('all')) {
      await forgetBackend(context.environment, undefined);
      context.terminal.write('Logged out of everything\n');
      return undefined;
    }
    const url = urlOf(args, flags) ?? (await backendUrl(context, await projectIfAny(context)));
    await forgetBackend(context.environment, url);
    context.terminal.write(`Logged out of ${url}\n`);
    return undefined;
  },
};

export const cancelCommand: Command = {
  name: 'cancel',
  summary: "Cancel a stack's currently running update, if any",
  usage: '[stack]',
  arguments: { minimum: 0, maximum: 1 },
  flags: [stackFlag, yesFlag],
  async run(context, [positional], flags) {
    const stack = await openStack(context, { name: positional ?? flags.text('stack') });
    const { stack: name } = stack.identity;
    await confirmByName(context, flags, {
      warning: `This will irreversibly cancel the currently running update for '${name}'!`,
      name,
    });
    await stack.backend.cancel(stack.identity);
    context.terminal.write(`The currently running update for '${name}' has been canceled!\n`);
    return undefined;
  },
};

/** Organizations are a thing of Pulumi Cloud; the texts are the official CLI's on such a backend. */
export const orgCommand: Command = {
  name: 'org',
  summary: 'Manage Organization configuration',
  commands: [
    {
      name: 'get-default',
      summary: 'Get the default org for the current backend',
      async run(context) {
        await openProjectBackend(context, await projectIfAny(context));
        throw new CommandFailure(`backends of this type "${hostname()}" do not support organizations`);
      },
    },
    {
      name: 'set-default',
      summary: 'Set the local default organization for the current backend',
      usage: '<name>',
      arguments: { minimum: 1, maximum: 1 },
      async run(context) {
        await openProjectBackend(context, await projectIfAny(context));
        throw new CommandFailure(`unable to set a default organization for backend type: ${hostname()}`);
      },
    },
    ...['audit-log', 'member', 'role', 'search', 'usage', 'webhook'].map((name) => ({
      name,
      summary: '',
      unsupported: cloud,
    })),
  ],
};

export const aboutCommand: Command = {
  name: 'about',
  summary: 'Print information about the Pulumi environment.',
  flags: [
    ...outputFlags,
    stackFlag,
    { name: 'transitive', short: 't', kind: 'boolean', summary: 'Accepted; dependencies are not listed' },
  ],
  async run(context, _args, flags) {
    const project = await projectIfAny(context);
    const url = await backendUrl(context, project).catch(() => undefined);
    const about = {
      cliAbout: { version: `v${engineVersion}`, engine: 'mainstay (embedded)', nodeVersion: process.version },
      host: { os: process.platform, arch: process.arch },
      runtime: project && { language: project.runtime, version: process.version },
      project: project && { name: project.name, file: join(project.directory, 'Pulumi.yaml') },
      backend: url && { name: hostname(), url, user: userInfo().username },
    };
    context.terminal.write(wantsJson(flags) ? jsonText(about) : aboutText(about));
    return undefined;
  },
};

function aboutText(about: object): string {
  const blocks = Object.entries(about)
    .filter(([, block]) => block !== undefined)
    .map(([name, block]) =>
      [name, ...Object.entries(block as object).map(([key, value]) => `  ${key.padEnd(12)} ${value}`)].join('\n'),
    );
  return `${blocks.join('\n\n')}\n`;
}
