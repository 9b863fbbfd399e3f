import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ControlPlane, startKubernetes, toolFolder, whyNot } from '../test/servers/start.ts';
import { Checkout } from './testing/checkout';

/**
 * `Application`, `Tenant`, `Chart`, `Kustomization` and `Manifests` on a real control plane. The engine waits until everything is
 * available, so an update that ends well is the proof.
 */
describe('components on a real cluster', () => {
  let missing: string | false = false;
  let cluster: ControlPlane;
  let checkout: Checkout;

  /** A test with its time limit; skipped, with the reason, where the servers are not built. */
  const test = (name: string, work: () => Promise<void>) =>
    it(name, { timeout: 120_000 }, async (context) => (missing ? context.skip(missing) : work()));

  before(async () => {
    missing = await whyNot('kubernetes', 'helm', 'kustomize');
    if (missing) return;
    cluster = await startKubernetes();
    const tools = [await toolFolder('helm'), await toolFolder('kustomize'), process.env.PATH ?? ''];
    checkout = new Checkout({ KUBECONFIG: cluster.kubeconfig, PATH: tools.join(delimiter) });
    cpSync(join(__dirname, 'fixtures/deploy'), join(checkout.folder, 'deploy'), { recursive: true });
    cpSync(join(__dirname, 'fixtures/Pulumi.real.yaml'), join(checkout.folder, 'stacks/Pulumi.real.yaml'));
    await checkout.succeeds('stack', 'init', 'real');
  });
  after(async () => {
    checkout?.remove();
    await cluster?.stop();
  });

  test('become available, and are then what the settings say', async () => {
    const output = await checkout.succeeds('up', '-s', 'real', '--yes', '--skip-preview');
    for (const made of [
      'Deployment shop',
      'Job shop-schema',
      'Deployment cache:Deployment/store/cache',
      'Widget gadgets:',
    ]) {
      assert.match(output, new RegExp(`:${made}.* created`), made);
    }
    await checkout.succeeds('preview', '-s', 'real', '--expect-no-changes');
    await checkout.succeeds('refresh', '-s', 'real', '--yes', '--skip-preview', '--expect-no-changes');
  });

  test('roll out a new image and new configuration', async () => {
    checkout.edit('stacks/Pulumi.real.yaml', 'shop:1.4.2', 'shop:1.5.0');
    checkout.edit('stacks/Pulumi.real.yaml', '"a = 1"', '"a = 2"');
    const output = await checkout.succeeds('up', '-s', 'real', '--yes', '--skip-preview');
    assert.match(output, /Deployment shop updated/);
    assert.match(output, /ConfigMap shop .*replac/);
  });

  test('go away again', async () => {
    assert.match(await checkout.succeeds('destroy', '-s', 'real', '--yes', '--skip-preview'), /deleted/);
  });
});
