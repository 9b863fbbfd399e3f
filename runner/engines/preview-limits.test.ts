import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createEngines, type Engines } from './create-engines.ts';
import type { EngineName, StackWork } from './engine.ts';
import type { Credentials } from './engine-environment.ts';

const MIB = 2 ** 20;
const LIMITS = { time: 600_000, memory: 4096 * MIB, output: MIB };
const officialInstalled = /^v?\d+\.\d+\.\d+/.test(String(spawnSync('pulumi', ['version']).stdout));

const CREDENTIALS: readonly Credentials[] = [
  { name: 'reader', variables: { CLOUD_KEY: 'may-only-read' } },
  { name: 'elsewhere', repositories: ['other'], variables: {} },
];

/** Each of these would go on for ever. */
const PROGRAMS = {
  memory: `const held = [];
setInterval(() => held.push(Buffer.alloc(20 * 1024 * 1024, 1)), 5);
`,
  child: `require('node:child_process').spawn(process.execPath, ['-e',
  'const held = []; setInterval(() => held.push(Buffer.alloc(20 * 1024 * 1024, 1)), 5)'], { stdio: 'ignore' });
setInterval(() => {}, 1000);
`,
  output: `setInterval(() => console.log('x'.repeat(10_000)), 0);
`,
  time: `setInterval(() => {}, 1000);
`,
  spin: `for (;;);
`,
  environment: `const seen = Object.keys(process.env).filter((name) => /CLOUD|SECRET_OF|SEEN|MAINSTAY_P/.test(name)).sort();
console.log('sees ' + JSON.stringify(seen) + ' and the key ' + process.env.CLOUD_KEY);
`,
};

const places: { readonly folder: string; readonly engines: Engines }[] = [];
after(async () => {
  for (const { engines, folder } of places) {
    await engines.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** A stack of the program, and an engine that is given more than it may pass on. */
async function place(engine: EngineName, program: keyof typeof PROGRAMS) {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-limits-'));
  const files = {
    'Pulumi.yaml': 'name: limited\nruntime: nodejs\n',
    'Pulumi.dev.yaml': 'config: {}\n',
    'package.json': '{"type": "commonjs"}',
    'index.js': `require('@pulumi/pulumi');\n${PROGRAMS[program]}`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  mkdirSync(join(folder, 'state'));
  symlinkSync(resolve(import.meta.dirname, '../../node_modules'), join(folder, 'node_modules'));
  const path = engine === 'official' ? process.env.PATH : undefined;
  const engines = await createEngines({
    settings: {
      ...{ backendUrl: `file://${folder}/state`, pulumiHome: join(folder, 'home'), passphrase: 'p' },
      ...{ passed: ['CLOUD_*', 'SEEN'], credentials: CREDENTIALS },
    },
    environment: {
      PATH: [dirname(process.execPath), path].filter((part) => part !== undefined).join(delimiter),
      ...{ CLOUD_KEY: 'may-do-all', CLOUD_REGION: 'north', SEEN: '1', SECRET_OF_OURS: 'never' },
    },
    processes: { add: async () => {}, remove: async () => {}, list: async () => [] },
    parallel: 2,
    wanted: engine,
  });
  places.push({ folder, engines });
  const work: StackWork = { repository: 'r', stack: 'limited/dev', stackName: 'dev', folder };
  return { work, engine: engines.byName.get(engine)! };
}

/** What was said of a preview that failed, however it did. */
async function problemOf(engine: EngineName, program: keyof typeof PROGRAMS, limits: Partial<typeof LIMITS>) {
  const at = await place(engine, program);
  try {
    const { result, problem } = await at.engine.preview({ ...at.work, limits: { ...LIMITS, ...limits } });
    assert.equal(result, 'failed');
    return problem!;
  } catch (error) {
    return (error as Error).message;
  }
}

for (const engine of ['embedded', 'official'] as const) {
  const skip = engine === 'official' && !officialInstalled ? 'there is no pulumi on the PATH' : false;
  describe(`the limits of a preview, ${engine} engine`, { skip, concurrency: 2 }, () => {
    test('ends a program that takes more memory than it may', async () => {
      assert.match(await problemOf(engine, 'memory', { memory: 1024 * MIB }), /holds more memory than it may/);
    });

    test('ends a program whose child takes more memory than both may', async () => {
      assert.match(await problemOf(engine, 'child', { memory: 1024 * MIB }), /holds more memory than it may/);
    });

    test('ends a program that writes more than it may', async () => {
      assert.match(await problemOf(engine, 'output', { output: 100_000 }), /writes more than it may/);
    });

    test('ends a program that takes longer than it may', async () => {
      assert.match(
        await problemOf(engine, 'time', { time: 3000 }),
        /limited\/dev as it takes longer than it may: 3s\./,
      );
    });

    test('ends a program that listens to nobody, when its time is over', async () => {
      assert.match(await problemOf(engine, 'spin', { time: 3000 }), /takes longer than it may: 3s\./);
    });
  });
}

describe('what a program may see', () => {
  let at: Awaited<ReturnType<typeof place>>;
  before(async () => {
    at = await place('embedded', 'environment');
  });
  const seenBy = async (access: StackWork['access']) => {
    const { engine, work } = at;
    const { diagnostics, problem } = await engine.preview({ ...work, ...(access && { access }), limits: LIMITS });
    assert.equal(problem, undefined);
    return diagnostics.map(({ message }) => message).join('');
  };

  test('is what the runner passes, where the settings say nothing', async () => {
    assert.match(await seenBy(undefined), /sees \["CLOUD_KEY","CLOUD_REGION","SEEN"\] and the key may-do-all/);
  });

  test('is less where the settings name variables, and never what the runner does not pass', async () => {
    const said = await seenBy({ environment: ['CLOUD_REGION', 'SECRET_*'] });
    assert.match(said, /sees \["CLOUD_REGION"\] and the key undefined/);
  });

  test('are the credentials that the settings name, in the place of what is passed', async () => {
    assert.match(await seenBy({ credentials: 'reader' }), /sees \["CLOUD_KEY"\] and the key may-only-read/);
    assert.match(
      await seenBy({ credentials: 'reader', environment: ['*'] }),
      /sees \["CLOUD_KEY","CLOUD_REGION","SEEN"\] and the key may-only-read/,
    );
  });

  test('is refused where the runner has no such credentials for the repository', async () => {
    const { engine, work } = at;
    for (const [name, why] of [
      ['nobody', `are not in the runner's own file`],
      ['elsewhere', 'are not for the repository r'],
    ] as const)
      await assert.rejects(
        engine.preview({ ...work, access: { credentials: name } }),
        new RegExp(`Cannot run limited/dev as the credentials that its settings name ${why}: ${name}\\.`),
      );
  });

  test('is not what an update saw before it, though processes are kept', async () => {
    const { engine, work } = at;
    const updated = await engine.update(work);
    assert.match(updated.diagnostics.map(({ message }) => message).join(''), /the key may-do-all/);
    const previewed = await engine.preview({ ...work, access: { environment: [] } });
    assert.match(previewed.diagnostics.map(({ message }) => message).join(''), /sees \[\] and the key undefined/);
    assert.ok(!readFileSync(join(work.folder, 'state/.pulumi/stacks/limited/dev.json'), 'utf8').includes('may-do-all'));
  });
});
