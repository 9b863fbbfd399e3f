import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { identityOf } from '../../foundation/processes.ts';
import { Secret } from '../../protocol/property-value.ts';
import { type ProgramResult, ProgramStack, prelude } from '../monitor/testing/program-stack.ts';
import { createNodeProgramHost } from './node-program-host.ts';

const host = createNodeProgramHost({ warm: true });
after(() => host.close());
const stacks: ProgramStack[] = [];
afterEach(async () => {
  for (const stack of stacks.splice(0)) await stack.close();
});

function stackOf(files: Readonly<Record<string, string>>): ProgramStack {
  const stack = new ProgramStack({ run: (run) => host.run(run), close: async () => {} });
  stacks.push(stack);
  return stack.write(files);
}

function javascript(program: string): ProgramStack {
  return stackOf({ 'index.js': prelude + program });
}

const typescript = `import * as pulumi from '@pulumi/pulumi';
class Thing extends pulumi.CustomResource {
  public readonly made!: pulumi.Output<string>;
  constructor(name: string, args: Record<string, unknown>) { super('test:index:Thing', name, { made: undefined, ...args }); }
}
`;

function outputsOf(result: ProgramResult): unknown {
  assert.deepEqual({ errors: result.errors, result: result.result }, { errors: [], result: 'succeeded' });
  return result.outputs;
}

describe('a program in TypeScript', () => {
  it('keeps what super() gave to a field that it declares', async () => {
    const stack = stackOf({ 'index.ts': `${typescript} export const made = new Thing('a', {}).made;` });
    assert.deepEqual(outputsOf(await stack.up()), { made: 'a-1' });
  });

  it('defines declared fields where its own tsconfig asks for that', async () => {
    const program = `class A { constructor() { Object.assign(this, { x: 1 }); } } class B extends A { x: number; } export const x = String(new B().x);`;
    const own = stackOf({ 'index.ts': program });
    assert.deepEqual(outputsOf(await own.preview()), { x: '1' });
    own.write({ 'tsconfig.json': '{ "compilerOptions": { "useDefineForClassFields": true } }' });
    assert.deepEqual(outputsOf(await own.preview()), { x: 'undefined' });
  });

  it('finds its files without extension, by the name of their output, by index and by paths', async () => {
    const stack = stackOf({
      'index.ts': `import { a } from './a'; import { b } from './b.js'; import { c } from './c'; import { d } from '#lib/d'; export const all = [a, b, c, d];`,
      'a.ts': 'export const a: string = "a";',
      'b.ts': 'export const b: string = "b";',
      'c/index.ts': 'export const c: string = "c";',
      'src/d.ts': 'export const d: string = "d";',
      'tsconfig.json': '{ "extends": "./base.json" }',
      'base.json': '{ /* ours */ "compilerOptions": { "paths": { "#lib/*": ["./src/*"] }, }, }',
    });
    assert.deepEqual(outputsOf(await stack.preview()), { all: ['a', 'b', 'c', 'd'] });
  });

  it('is an ES module where package.json says so, with the default export as outputs', async () => {
    const stack = stackOf({
      'package.json': '{ "name": "project", "type": "module" }',
      'index.ts': `${typescript} import { x } from './x.js'; const y: number = await Promise.resolve(2); export default { x, y, made: new Thing('a', {}).made };`,
      'x.ts': 'export const x: number = 1;',
    });
    assert.deepEqual(outputsOf(await stack.up()), { x: 1, y: 2, made: 'a-1' });
  });

  it('has decorators and their metadata where its tsconfig asks for them', async () => {
    const stack = stackOf({
      'tsconfig.json': '{ "compilerOptions": { "experimentalDecorators": true, "emitDecoratorMetadata": true } }',
      'index.ts': `
        const seen: unknown[] = [];
        (Reflect as any).metadata = (key: string, value: any) => () => { seen.push(key + ':' + (value.name ?? value.map?.((v: any) => v.name))); };
        function mark(target: any, name: string) { seen.push(name); }
        class A { @mark field!: string; }
        export const all = seen;`,
    });
    assert.deepEqual(outputsOf(await stack.preview()), { all: ['design:type:String', 'field'] });
  });

  it('is run anew when a file or the tsconfig changed, and says where a mistake is', async () => {
    const stack = stackOf({ 'index.ts': 'export const x: number = 1;' });
    assert.deepEqual(outputsOf(await stack.preview()), { x: 1 });
    stack.write({ 'index.ts': 'export const x: number = 2;' });
    assert.deepEqual(outputsOf(await stack.preview()), { x: 2 });
    stack.write({ 'index.ts': 'export const y = 1;\nexport const x: = 2;' });
    const broken = await stack.preview();
    assert.equal(broken.result, 'failed');
    assert.match(broken.errors.join('\n'), /index\.ts\(2,17\): error TS1110: Type expected/);
    stack.write({
      'index.ts': 'export const x = 1;',
      'tsconfig.json': '{ "compilerOptions": { "target": "es1066" } }',
    });
    assert.match((await stack.preview()).errors.join('\n'), /tsconfig\.json:1 .*Argument for '--target'/);
  });

  it('shows its own lines in an error', async () => {
    const stack = stackOf({
      'index.ts': `interface Long { a: string;\n b: string }\n\nfunction fail(): never { throw new Error('no'); }\nfail();`,
    });
    const errors = stripVTControlCharacters((await stack.preview()).errors.join('\n'));
    assert.match(errors, /at fail \(.*index\.ts:4:32\)/);
  });

  it('hands dynamic providers over as code that names the modules it uses', async () => {
    const stack = stackOf({
      'index.ts': `import * as pulumi from '@pulumi/pulumi';
        import * as path from 'path';
        const provider: pulumi.dynamic.ResourceProvider = {
          async create(inputs: { name: string }) { return { id: path.join('a', inputs.name), outs: {} }; },
        };
        class Made extends pulumi.dynamic.Resource {
          constructor(name: string) { super(provider, name, { name }); }
        }
        new Made('made');`,
    });
    outputsOf(await stack.up());
    const { __provider: code } = stack.inputs('made');
    const text = code instanceof Secret ? code.value : code;
    assert.match(String(text), /const path = require\("path(\/posix)?"\)/);
    assert.match(String(text), /path\.join\('a', inputs\.name\)/);
  });

  it('is refused where the runtime option switches TypeScript off', async () => {
    const stack = stackOf({ 'index.ts': 'export const x = 1;', 'index.js': "require('./index.ts');" });
    stack.runtimeOptions = { typescript: false };
    assert.match(
      (await stack.preview()).errors.join('\n'),
      /runtime\.options\.typescript of Pulumi\.yaml is false: .*index\.ts/,
    );
  });
});

describe('the end of a program', () => {
  async function withResource(rest: string): Promise<ProgramStack> {
    const stack = javascript(`new Thing('kept', {});`);
    await stack.up();
    return stack.write({ 'index.js': prelude + rest });
  }

  it('half-way with success deletes nothing', async () => {
    const stack = await withResource(`new Thing('a', {}).urn.apply(() => process.exit(0));`);
    const result = await stack.up();
    assert.equal(result.result, 'failed');
    assert.match(result.errors.join('\n'), /ended itself \(process\.exit\) before it was done/);
    assert.ok(!stack.cloud.calls.includes('delete kept'));
  });

  it('with work that can never finish deletes nothing', async () => {
    const stack = await withResource(`module.exports = async () => { await new Promise(() => {}); };`);
    const result = await stack.up();
    assert.equal(result.result, 'failed');
    assert.match(result.errors.join('\n'), /before its stack outputs/);
    assert.ok(!stack.cloud.calls.includes('delete kept'));
  });

  it('by an exception or a rejected promise is said once, and deletes nothing', async () => {
    for (const rest of [`throw new Error('broken');`, `Promise.reject(new Error('broken'));`]) {
      const stack = await withResource(rest);
      const result = await stack.up();
      assert.equal(result.result, 'failed');
      assert.equal(result.errors.join('\n').match(/Error: broken/g)?.length, 1);
      assert.ok(!stack.cloud.calls.includes('delete kept'));
    }
  });

  it('by another exit code or a signal is said', async () => {
    const exit = await javascript('process.exit(3);').preview();
    assert.match(exit.errors.join('\n'), /Program exited with non-zero exit code: 3/);
    const killed = await javascript("process.kill(process.pid, 'SIGKILL');").preview();
    assert.match(killed.errors.join('\n'), /Program was ended by the signal SIGKILL/);
  });

  it('comes with cancellation, also for what it started', async () => {
    const stack = javascript(`
      const { spawn } = require('child_process');
      const child = spawn('sleep', ['1000'], { stdio: 'inherit' });
      process.on('SIGINT', () => {});
      require('fs').writeFileSync('pids', process.pid + ' ' + child.pid);
      for (;;) {}
    `);
    const controller = new AbortController();
    const running = stack.preview({ signal: controller.signal });
    const file = join(stack.directory, 'pids');
    while (!existsSync(file) || readFileSync(file, 'utf8') === '') await delay(20);
    const pids = readFileSync(file, 'utf8').split(' ').map(Number);
    controller.abort();
    assert.equal((await running).result, 'cancelled');
    for (let wait = 0; wait < 50 && pids.some(identityOf); wait += 1) await delay(20);
    assert.deepEqual(pids.map(identityOf), [undefined, undefined]);
  });
});

describe('the process of a program', () => {
  it('does not see the secrets of the engine, and sees what it is given', async () => {
    const stack = javascript(
      `exports.seen = Object.keys(process.env).filter((name) => /^(PULUMI_(CONFIG_PASS|ACCESS|BACKEND)|MAINSTAY_|GIVEN|SECRET)/.test(name)).sort();`,
    );
    process.env.SECRET_OF_THE_ENGINE = 'x';
    try {
      stack.environment = {
        GIVEN: '1',
        PULUMI_CONFIG_PASSPHRASE: 'x',
        PULUMI_ACCESS_TOKEN: 'x',
        PULUMI_BACKEND_URL: 'x',
        MAINSTAY_X: 'x',
      };
      assert.deepEqual(outputsOf(await stack.preview()), { seen: ['GIVEN', 'MAINSTAY_ENGINE'] });
    } finally {
      delete process.env.SECRET_OF_THE_ENGINE;
    }
  });

  it('is used once', async () => {
    const stack = javascript(
      'globalThis.runs = (globalThis.runs ?? 0) + 1; exports.all = [globalThis.runs, process.pid];',
    );
    const pids = new Set<unknown>();
    for (let run = 0; run < 3; run += 1) {
      const { all } = outputsOf(await stack.preview()) as { readonly all: readonly unknown[] };
      assert.equal(all[0], 1);
      pids.add(all[1]);
    }
    assert.equal(pids.size, 3);
  });

  it('may flood its output: every line arrives, and a line without end arrives in pieces', async () => {
    const lines = 50_000;
    const stack = javascript(`
      for (let line = 0; line < ${lines}; line += 1) console.log('line ' + line);
      process.stderr.write('x'.repeat(1_000_000));
    `);
    const { output, result } = await stack.preview();
    assert.equal(result, 'succeeded');
    assert.equal(output.filter((line) => line.startsWith('line ')).length, lines);
    assert.equal(output.filter((line) => line.startsWith('x')).join('').length, 1_000_000);
    assert.ok(output.every((line) => line.length <= 64 * 1024));
  });

  it('runs a file or a folder that main names, with the arguments for Node', async () => {
    const stack = stackOf({
      'deploy/main.js':
        'exports.limit = require("v8").getHeapStatistics().heap_size_limit > 3e9; exports.dir = __dirname.endsWith("deploy");',
    });
    stack.entryPoint = 'deploy/main.js';
    stack.runtimeOptions = { nodeargs: '--max-old-space-size=4000' };
    assert.deepEqual(outputsOf(await stack.preview()), { limit: true, dir: true });
  });

  it('is not started for wrong runtime options or without the SDK', async () => {
    const stack = javascript('');
    stack.runtimeOptions = { nodeargs: 4 };
    const errors = (await stack.preview()).errors.join('\n');
    assert.match(errors, /Cannot use runtime\.options\.nodeargs .*: 4\. Correct or remove it\./);
  });
});
