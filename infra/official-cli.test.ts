import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Checkout, type Finished } from './testing/checkout';

/** The folder of the official CLI with its Node language host: MAINSTAY_OFFICIAL_PULUMI, or on the PATH. */
const official = [process.env.MAINSTAY_OFFICIAL_PULUMI ?? '', ...(process.env.PATH ?? '').split(delimiter)].find(
  (folder) => folder !== '' && ['pulumi', 'pulumi-language-nodejs'].every((name) => existsSync(join(folder, name))),
);
const skip = official === undefined && 'needs the official pulumi CLI on the PATH or in MAINSTAY_OFFICIAL_PULUMI';

describe('the program under the official CLI, as it stands', { skip }, () => {
  let checkout: Checkout;
  let pulumi: (...args: readonly string[]) => Promise<Finished>;
  const succeeds = async (...args: readonly string[]) => {
    const { code, output } = await pulumi(...args);
    assert.equal(code, 0, output);
    return output;
  };

  before(async () => {
    const path = [official, process.env.PATH].join(delimiter);
    checkout = new Checkout({ PATH: path, PULUMI_SKIP_UPDATE_CHECK: 'true' });
    pulumi = (...args) => checkout.run(join(official!, 'pulumi'), ...args, '--non-interactive');
    await succeeds('stack', 'init', 'dev');
  });
  after(() => checkout?.remove());

  it('previews and updates dev from the root, in the sandbox that Pulumi.yaml names', async () => {
    const output = await succeeds('preview', '-s', 'dev');
    assert.match(output, /package aws is served by the sandbox; nothing real is touched/);
    assert.match(output, /kubernetes:apps\/v1:Deployment shop create/);
    await succeeds('up', '-s', 'dev', '--yes', '--skip-preview');
    await succeeds('preview', '-s', 'dev', '--expect-no-changes');
  });

  it('shows exactly a new image', async () => {
    checkout.edit('stacks/Pulumi.dev.yaml', 'shop:1.4.2', 'shop:1.5.0');
    const { steps } = JSON.parse((await succeeds('preview', '-s', 'dev', '--json')).replace(/^[^{]*/, '')) as {
      readonly steps: readonly { readonly op: string; readonly urn: string }[];
    };
    const changed = steps.filter(({ op }) => op !== 'same').map(({ op, urn }) => `${op} ${urn.split('::').at(-1)}`);
    assert.deepEqual(changed, ['update shop']);
  });

  it('says where a key is misspelt', async () => {
    checkout.edit('stacks/Pulumi.dev.yaml', 'replicas: 1', 'replcias: 1');
    const { code, output } = await pulumi('preview', '-s', 'dev');
    assert.notEqual(code, 0);
    assert.match(
      output,
      /Pulumi\.dev\.yaml:\d+:7 applications\.shop\.replcias is not a setting: did you mean replicas\?/,
    );
    checkout.edit('stacks/Pulumi.dev.yaml', 'replcias: 1', 'replicas: 1');
  });

  it('previews and updates the other sandbox stacks as they stand', async () => {
    for (const stack of ['staging', 'prod']) {
      await succeeds('stack', 'init', stack);
      assert.match(await succeeds('preview', '-s', stack), /package aws is served by the sandbox/);
    }
  });

  it('serves a real stack from the providers of this repository, never from the sandbox', async () => {
    checkout.edit('stacks/Pulumi.local.yaml', 'config:', 'config:\n  kubernetes:kubeconfig: nowhere');
    await succeeds('stack', 'init', 'local');
    const { output } = await pulumi('preview', '-s', 'local');
    assert.doesNotMatch(output, /served by the sandbox/);
    assert.match(output, /kubernetes/);
  });

  it('does not run a sandbox stack where its plugins would be real', async () => {
    const real = new Checkout({ PATH: [official, process.env.PATH].join(delimiter), PULUMI_SKIP_UPDATE_CHECK: 'true' });
    try {
      real.edit('Pulumi.yaml', 'plugins:', 'x-plugins:');
      const run = (...args: readonly string[]) => real.run(join(official!, 'pulumi'), ...args, '--non-interactive');
      await run('stack', 'init', 'dev');
      const { code, output } = await run('preview', '-s', 'dev');
      assert.notEqual(code, 0);
      assert.match(output, /aws and kubernetes would be real/);
    } finally {
      real.remove();
    }
  });
});
