import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSettings } from '../core/settings.ts';
import { treeOf } from '../core/tree-of-files.ts';
import { proposeSettings } from './propose-settings.ts';

/** A project of a repository with several, as people lay them out. */
function project(name: string, program: string, stacks: readonly string[]): Readonly<Record<string, string>> {
  const folder = `infra/${name}`;
  return {
    [`${folder}/Pulumi.yaml`]: `name: ${name}\nruntime: nodejs\n`,
    [`${folder}/package-lock.json`]: '{}',
    [`${folder}/src/index.ts`]: program,
    ...Object.fromEntries(stacks.map((stack) => [`${folder}/Pulumi.${stack}.yaml`, 'config: {}\n'])),
  };
}

const reading = (what: string) =>
  `import * as pulumi from '@pulumi/pulumi';\nexport const up = new pulumi.StackReference(${what});\n`;

test('finds who reads whom in the programs, and puts them in that order', async () => {
  const files = {
    ...project('network', 'export const id = 1;', ['dev', 'production']),
    ...project('cluster', reading('`acme/network/$' + '{pulumi.getStack()}`'), ['dev', 'production']),
    ...project('app', reading("'acme/cluster/production'"), ['production']),
    'infra/app/node_modules/x/index.js': reading("'acme/network/production'"),
  };
  const { text, explanation, file } = await proposeSettings(treeOf(files));
  const settings = parseSettings(file, text);
  const upstreams = Object.entries(settings.stacks).map(([stack, { dependsOn }]) => [stack, dependsOn]);
  assert.deepEqual(upstreams.sort(), [
    ['app/production', ['cluster/production']],
    ['cluster/dev', ['network/dev']],
    ['cluster/production', ['network/production']],
  ]);
  const said = explanation.join('\n');
  assert.match(
    said,
    /cluster\/dev comes after network\/dev, whose outputs it reads \(infra\/cluster\/src\/index\.ts:2\)\./,
  );
  assert.doesNotMatch(said, /package-lock/);
});

test('says before the first run what will be missing: a lock file, the official engine', async () => {
  const files = {
    'infra/Pulumi.yaml': 'name: shop\nruntime:\n  name: nodejs\n  options: {packagemanager: pnpm}\n',
    'infra/Pulumi.dev.yaml': '',
    'pnpm-lock.yaml': 'lockfileVersion: 9.0\n',
    'site/Pulumi.yaml': 'name: site\nruntime: python\n',
    'site/Pulumi.dev.yaml': '',
  };
  const { explanation } = await proposeSettings(treeOf(files));
  const said = explanation.join('\n');
  assert.match(said, /no package-lock\.json/);
  assert.match(said, /site\/Pulumi\.yaml has the runtime python: only the official pulumi CLI runs it\./);
});
