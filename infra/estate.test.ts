import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

const ROOT = join(__dirname, '..');

/** A checkout of the program with a home and a state of its own, driven by the embedded engine's executable. */
let checkout = '';

before(() => {
  checkout = mkdtempSync(join(tmpdir(), 'mainstay-estate-'));
  for (const part of ['Pulumi.yaml', 'package.json', 'infra', 'components', 'stacks']) {
    cpSync(join(ROOT, part), join(checkout, part), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
});
after(() => rmSync(checkout, { recursive: true, force: true }));

interface Finished {
  readonly code: number;
  readonly output: string;
}

async function pulumi(...args: readonly string[]): Promise<Finished> {
  const child = spawn(join(ROOT, 'engine/bin/pulumi'), [...args, '--non-interactive'], {
    cwd: checkout,
    env: {
      PATH: process.env.PATH,
      HOME: checkout,
      PULUMI_HOME: join(checkout, '.home'),
      PULUMI_BACKEND_URL: `file://${checkout}`,
      PULUMI_CONFIG_PASSPHRASE: 'mainstay-demo',
    },
  });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => chunks.push(text));
  }
  const [code] = await once(child, 'close');
  return { code, output: chunks.join('') };
}

/** Fails with everything that was printed. */
async function succeeds(...args: readonly string[]): Promise<string> {
  const { code, output } = await pulumi(...args);
  assert.equal(code, 0, output);
  return output;
}

function edit(file: string, from: string, to: string): void {
  const path = join(checkout, file);
  const text = readFileSync(path, 'utf8');
  assert.ok(text.includes(from), `${file} has ${from}`);
  writeFileSync(path, text.replace(from, to));
}

describe("the repository's own stacks in the sandbox", () => {
  for (const stack of ['local', 'dev', 'staging', 'prod']) {
    it(`${stack} comes up, and is then what the settings say`, async () => {
      const file = `stacks/Pulumi.${stack}.yaml`;
      // The one that is meant for a real cluster.
      if (stack === 'local') edit(file, 'config:\n', 'config:\n  mainstay:sandbox: true\n');
      await succeeds('stack', 'init', stack);
      assert.match(await succeeds('up', '-s', stack, '--yes', '--skip-preview'), /sandbox/);
      assert.match(await succeeds('preview', '-s', stack, '--expect-no-changes'), /\d+ unchanged/);
      const before = readFileSync(join(ROOT, file), 'utf8');
      if (stack !== 'local') assert.equal(readFileSync(join(checkout, file), 'utf8'), before, 'the file is left alone');
    });
  }

  it('shows exactly one change for a new image', async () => {
    edit('stacks/Pulumi.prod.yaml', 'shop:1.4.2', 'shop:1.5.0');
    const { operations } = await changes('prod');
    // The migration runs with the new image too, as a new Job beside the old one, and so does the scheduled job.
    assert.deepEqual(operations, ['Deployment update', 'Job replace', 'CronJob update'].sort());
    edit('stacks/Pulumi.dev.yaml', 'shop:1.4.2', 'shop:1.5.0');
    assert.deepEqual((await changes('dev')).operations, ['Deployment update']);
  });

  it('says where a key is misspelt, and changes nothing', async () => {
    edit('stacks/Pulumi.dev.yaml', 'replicas: 1', 'replcias: 1');
    const { code, output } = await pulumi('preview', '-s', 'dev');
    assert.notEqual(code, 0);
    assert.match(
      output,
      /stacks\/Pulumi\.dev\.yaml:\d+:7 applications\.shop\.replcias is not a setting: did you mean replicas\?/,
    );
    edit('stacks/Pulumi.dev.yaml', 'replcias: 1', 'replicas: 1');
  });

  it('goes wrong as its settings ask for', async () => {
    const fault = '  mainstay:sandboxFaults: [{ kind: fail, match: shop, on: [update], message: no capacity }]\n';
    edit('stacks/Pulumi.dev.yaml', 'config:\n', `config:\n${fault}`);
    const { code, output } = await pulumi('up', '-s', 'dev', '--yes', '--skip-preview');
    assert.notEqual(code, 0);
    assert.match(output, /sandbox: no capacity/);
    edit('stacks/Pulumi.dev.yaml', fault, '');
    await succeeds('up', '-s', 'dev', '--yes', '--skip-preview');
  });

  it('goes away again, in an order that the cloud lets it', async () => {
    assert.match(await succeeds('destroy', '-s', 'prod', '--yes', '--skip-preview'), /\d+ deleted/);
  });
});

/** What a preview would do, as `Kind operation`. */
async function changes(stack: string): Promise<{ readonly operations: readonly string[] }> {
  const { steps } = JSON.parse(await succeeds('preview', '-s', stack, '--json')) as {
    readonly steps: readonly { readonly op: string; readonly urn: string }[];
  };
  const own = steps.filter(({ op }) => !['same', 'create-replacement', 'delete-replaced'].includes(op));
  return { operations: own.map(({ op, urn }) => `${urn.split('::')[2]!.split(':').at(-1)} ${op}`).sort() };
}
