import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A TypeScript program of a number of resources, with a home, a backend and the benchmark's provider on PATH. */
export interface BenchProject {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  remove(): Promise<void>;
}

const repository = fileURLToPath(new URL('../../../', import.meta.url));

/** What ts-node of the official CLI takes with TypeScript 6. */
const compilerOptions = {
  target: 'es2022',
  useDefineForClassFields: false,
  module: 'commonjs',
  moduleResolution: 'node10',
  ignoreDeprecations: '6.0',
  strict: true,
  skipLibCheck: true,
};

function programOf(count: number): string {
  return `
import * as pulumi from '@pulumi/pulumi';

class Thing extends pulumi.CustomResource {
  public readonly size!: pulumi.Output<number>;
  constructor(name: string, args: { size: pulumi.Input<number>; tags: Record<string, string> }, options?: pulumi.CustomResourceOptions) {
    super('bench:index:Thing', name, args, options);
  }
}
class Group extends pulumi.ComponentResource {
  constructor(name: string) {
    super('bench:index:Group', name);
  }
}
// The stack and the group are resources too.
const group = new Group('group');
let last: Thing | undefined;
for (let index = 0; index < ${count - 2}; index += 1) {
  const size: pulumi.Input<number> = index % 10 === 9 && last ? last.size : index;
  last = new Thing('thing-' + index, { size, tags: { owner: 'bench', index: String(index) } }, { parent: group });
}
export const size = last?.size;
`;
}

export async function createBenchProject(count: number): Promise<BenchProject> {
  const root = await mkdtemp(join(tmpdir(), `mainstay-bench-engine-${count}-`));
  const directory = join(root, 'project');
  const bin = join(root, 'bin');
  const state = join(root, 'state');
  await Promise.all([directory, bin, state].map((folder) => mkdir(folder)));
  await symlink(join(repository, 'node_modules'), join(directory, 'node_modules'));
  const files = {
    'Pulumi.yaml': 'name: bench\nruntime: nodejs\n',
    'package.json': '{ "name": "bench", "main": "index.ts" }\n',
    'tsconfig.json': JSON.stringify({ compilerOptions }),
    'index.ts': programOf(count),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  const plugin = join(bin, 'pulumi-resource-bench');
  const node = join(repository, 'node_modules/.bin/node');
  const script = join(repository, 'test/bench/engine/provider.ts');
  await writeFile(plugin, `#!/bin/sh\nexec "${node}" --disable-warning=ExperimentalWarning "${script}" "$@"\n`);
  await chmod(plugin, 0o755);
  return {
    directory,
    environment: {
      PATH: [bin, join(repository, 'node_modules/.bin'), process.env.PATH].join(delimiter),
      HOME: process.env.HOME ?? root,
      PULUMI_HOME: join(root, 'home'),
      PULUMI_BACKEND_URL: `file://${state}`,
      PULUMI_CONFIG_PASSPHRASE: 'benchmark passphrase',
      PULUMI_SKIP_UPDATE_CHECK: 'true',
    },
    remove: () => rm(root, { recursive: true, force: true }),
  };
}
