import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { parseSettings } from './parse-settings';
import type { Settings } from './settings-schema';

/** The folder of the stacks' files, as `stackConfigDir` of Pulumi.yaml says. */
const STACKS = 'stacks';

/** The settings of the stack that the program runs for. Throws one error that lists every mistake and its place. */
export function readSettings(): Settings {
  const project = pulumi.getProject();
  const file = `Pulumi.${pulumi.getStack().split('/').at(-1)}.yaml`;
  const secretKeys = process.env.PULUMI_CONFIG_SECRET_KEYS ?? '[]';
  const result = parseSettings({
    values: ownValues(pulumi.runtime.allConfig(), project),
    hasSecrets: secretKeys.includes(`"${project}:`),
    openFile() {
      // Loaded where it is needed: most runs have neither mistakes nor secrets.
      const { readStackFile } = require('./file-places') as typeof import('./file-places');
      return readStackFile(join(pulumi.runtime.getRootDirectory(), STACKS, file), `${STACKS}/${file}`, project);
    },
  });
  if ('settings' in result) return result.settings;
  const count = result.mistakes.length === 1 ? 'is a mistake' : `are ${result.mistakes.length} mistakes`;
  throw new pulumi.RunError(
    `Cannot use the settings of stack ${pulumi.getStack()} as there ${count}:\n${result.mistakes.join('\n')}`,
  );
}

function ownValues(config: Readonly<Record<string, string>>, project: string): Record<string, unknown> {
  const own = Object.entries(config).filter(([key]) => key.startsWith(`${project}:`));
  return Object.fromEntries(own.map(([key, text]) => [key.slice(project.length + 1), parsed(text)]));
}

/** Objects, lists, numbers and truth values come as JSON text; everything else is a text already. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
