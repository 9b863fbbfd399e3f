import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A Pulumi project with a home and a backend of its own, for tests. Its resources are dynamic ones that write to a log file. */
export interface DemoProject {
  readonly directory: string;
  /** What commands need in their environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** What the provider was asked: `create a`, `update a`, `delete a`, one a line. */
  calls(): Promise<readonly string[]>;
  write(file: string, text: string): Promise<void>;
  remove(): Promise<void>;
}

const nodeModules = fileURLToPath(new URL('../../../node_modules', import.meta.url));

/**
 * Resources `a`, `b` (after `a`) and `secret` with `value` of the settings. A resource whose value is `slow` waits before it is created until
 * the file `go` is there; one whose value is `fail` fails; `exit` ends the provider's process.
 */
const program = `
import * as pulumi from '@pulumi/pulumi';
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.cwd();
const provider: pulumi.dynamic.ResourceProvider = {
  async create({ name, value }: any) {
    const { appendFileSync, existsSync } = require('node:fs');
    if (value === 'fail') throw new Error('cannot create as asked');
    if (value === 'exit') process.exit(3);
    appendFileSync(folder + '/calls.log', 'create ' + name + '\\n');
    while (value === 'slow' && !existsSync(folder + '/go')) await new Promise((resolve) => setTimeout(resolve, 20));
    return { id: name + '-id', outs: { name, value } };
  },
  async diff(_id: string, olds: any, news: any) { return { changes: olds.value !== news.value }; },
  async update(_id: string, _olds: any, news: any) {
    require('node:fs').appendFileSync(folder + '/calls.log', 'update ' + news.name + '\\n');
    return { outs: { name: news.name, value: news.value } };
  },
  async delete(id: string) { require('node:fs').appendFileSync(folder + '/calls.log', 'delete ' + id + '\\n'); },
};
class Thing extends pulumi.dynamic.Resource {
  declare readonly value: pulumi.Output<string>;
  constructor(name: string, value: pulumi.Input<string>, options?: pulumi.CustomResourceOptions) {
    super(provider, name, { name, value }, options);
  }
}
const config = new pulumi.Config();
const a = new Thing('a', config.get('value') ?? 'x');
const b = new Thing('b', config.get('second') ?? 'y', { dependsOn: a });
const secret = new Thing('secret', config.getSecret('password') ?? 'none');
if (config.get('throw')) throw new Error('the program does not want to');
if (config.get('leave')) process.exit(0);
console.log('the program ran');
export const value = a.value;
export const password = secret.value;
export const nested = { list: [1, { two: true }] };
`;

/** Makes the project in a temporary folder. */
export async function createDemoProject(): Promise<DemoProject> {
  const root = await mkdtemp(join(tmpdir(), 'mainstay-demo-'));
  const directory = join(root, 'project');
  await mkdir(directory);
  await symlink(nodeModules, join(directory, 'node_modules'));
  const write = (file: string, text: string) => writeFile(join(directory, file), text);
  await write('Pulumi.yaml', 'name: demo\nruntime: nodejs\n');
  await write('package.json', '{ "name": "demo", "main": "index.ts" }\n');
  await write('tsconfig.json', '{ "compilerOptions": { "target": "es2022", "module": "commonjs", "strict": true } }\n');
  await write('index.ts', program);
  return {
    directory,
    environment: {
      PULUMI_HOME: join(root, 'home'),
      PULUMI_BACKEND_URL: `file://${join(root, 'state')}`,
      PULUMI_CONFIG_PASSPHRASE: 'correct horse',
    },
    calls: async () =>
      (await readFile(join(directory, 'calls.log'), 'utf8').catch(() => '')).split('\n').filter(Boolean),
    write,
    remove: () => rm(root, { recursive: true, force: true }),
  };
}
