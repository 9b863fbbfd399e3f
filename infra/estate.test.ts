import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Checkout } from './testing/checkout';

const checkout = new Checkout();
after(() => checkout.remove());

describe("the repository's own stacks in the sandbox", () => {
  for (const stack of ['local', 'dev', 'staging', 'prod']) {
    it(`${stack} comes up, and is then what the settings say`, async () => {
      const file = `stacks/Pulumi.${stack}.yaml`;
      // The one that is meant for a real cluster.
      if (stack === 'local') checkout.edit(file, 'config:\n', 'config:\n  mainstay:sandbox: true\n');
      await checkout.succeeds('stack', 'init', stack);
      const output = await checkout.succeeds('up', '-s', stack, '--yes', '--skip-preview');
      const lines = output.split('\n').filter((line: string) => /^ \S+ +(aws|kubernetes):/.test(line));
      assert.ok(lines.length > 10, output);
      for (const line of lines) assert.match(line, /\bsandbox\b/);
      assert.match(await checkout.succeeds('preview', '-s', stack, '--expect-no-changes'), /\d+ unchanged/);
      const before = readFileSync(join(__dirname, '..', file), 'utf8');
      if (stack !== 'local') assert.equal(checkout.read(file), before, 'the file is left alone');
    });
  }

  it('shows exactly one change for a new image', async () => {
    checkout.edit('stacks/Pulumi.prod.yaml', 'shop:1.4.2', 'shop:1.5.0');
    const { operations } = await changes('prod');
    // The migration runs with the new image too, as a new Job beside the old one, and so does the scheduled job.
    assert.deepEqual(operations, ['Deployment update', 'Job replace', 'CronJob update'].sort());
    checkout.edit('stacks/Pulumi.dev.yaml', 'shop:1.4.2', 'shop:1.5.0');
    assert.deepEqual((await changes('dev')).operations, ['Deployment update']);
  });

  it('replaces nothing that runs for another size', async () => {
    const sizes = [
      ['maximum: 12\n', 'maximum: 20\n        instanceTypes: [m7g.2xlarge]\n        diskSize: 100\n'],
      ['minimum: 3, maximum: 12', 'minimum: 4, maximum: 20'],
      ['cpu: 250m, memory: 512Mi', 'cpu: 500m, memory: 1Gi'],
      ['cpu: "32"', 'cpu: "64"'],
      ['retentionDays: 90', 'retentionDays: 180'],
    ] as const;
    checkout.edit('stacks/Pulumi.prod.yaml', 'shop:1.5.0', 'shop:1.4.2');
    for (const [from, to] of sizes) checkout.edit('stacks/Pulumi.prod.yaml', from, to);
    const { operations } = await changes('prod');
    assert.deepEqual(
      operations.filter((operation) => !operation.endsWith(' update')),
      [],
    );
    for (const kind of ['LaunchTemplate', 'NodeGroup', 'Deployment', 'HorizontalPodAutoscaler', 'ResourceQuota']) {
      assert.ok(operations.includes(`${kind} update`), kind);
    }
  });

  it('upgrades control plane, what nodes wait for, nodes, other add-ons; in this order', async () => {
    checkout.edit('stacks/Pulumi.prod.yaml', 'version: "1.35"', 'version: "1.36"');
    const versions = 'addons:\n      vpc-cni: { version: v2 }\n      coredns: { version: v2 }\n';
    checkout.edit('stacks/Pulumi.prod.yaml', 'addons:\n', versions);
    const output = await checkout.succeeds('up', '-s', 'prod', '--yes', '--skip-preview');
    const places = ['Cluster main', 'Addon main-vpc-cni', 'NodeGroup main-general', 'Addon main-coredns'].map(
      (made) => {
        const place = output.search(new RegExp(`${made} updated`));
        assert.ok(place >= 0, `${made} in ${output}`);
        return place;
      },
    );
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
    );
    await checkout.succeeds('preview', '-s', 'prod', '--expect-no-changes');
  });

  it('says where a key is misspelt, and changes nothing', async () => {
    checkout.edit('stacks/Pulumi.dev.yaml', 'replicas: 1', 'replcias: 1');
    const { code, output } = await checkout.pulumi('preview', '-s', 'dev');
    assert.notEqual(code, 0);
    assert.match(
      output,
      /stacks\/Pulumi\.dev\.yaml:\d+:7 applications\.shop\.replcias is not a setting: did you mean replicas\?/,
    );
    checkout.edit('stacks/Pulumi.dev.yaml', 'replcias: 1', 'replicas: 1');
  });

  it('goes wrong as its settings ask for, and says that it was the sandbox', async () => {
    const faulty = async (fault: string, ...args: readonly string[]) => {
      const line = `  mainstay:sandboxFaults: [{ ${fault} }]\n`;
      checkout.edit('stacks/Pulumi.dev.yaml', 'config:\n', `config:\n${line}`);
      const start = performance.now();
      const finished = await checkout.pulumi(...args, '-s', 'dev', '--yes', '--skip-preview');
      checkout.edit('stacks/Pulumi.dev.yaml', line, '');
      return { ...finished, milliseconds: performance.now() - start };
    };
    const failed = await faulty('kind: fail, match: shop, on: [update], message: no capacity', 'up');
    assert.notEqual(failed.code, 0);
    assert.match(failed.output, /sandbox: no capacity/);
    const throttled = await faulty('kind: throttle, match: "*Deployment", on: [update]', 'up');
    assert.notEqual(throttled.code, 0);
    assert.match(throttled.output, /sandbox: ThrottlingException/);
    const slow = await faulty('kind: lag, match: "*Deployment", milliseconds: 1500', 'up');
    assert.equal(slow.code, 0, slow.output);
    assert.ok(slow.milliseconds >= 1500);
    const drifted = await faulty('kind: drift, match: "*Deployment", path: spec.replicas, value: 7', 'refresh');
    assert.equal(drifted.code, 0, drifted.output);
    assert.deepEqual((await changes('dev')).operations, ['Deployment update']);
    const vanished = await faulty('kind: vanish, match: "*Service"', 'refresh');
    assert.equal(vanished.code, 0, vanished.output);
    assert.deepEqual((await changes('dev')).operations, ['Deployment update', 'Service create']);
    await checkout.succeeds('up', '-s', 'dev', '--yes', '--skip-preview');
    await checkout.succeeds('preview', '-s', 'dev', '--expect-no-changes');
  });

  it('goes away again, in an order that the cloud lets it', async () => {
    assert.match(await checkout.succeeds('destroy', '-s', 'prod', '--yes', '--skip-preview'), /\d+ deleted/);
  });
});

/** What a preview would do, as `Kind operation`. */
async function changes(stack: string): Promise<{ readonly operations: readonly string[] }> {
  const { steps } = JSON.parse(await checkout.succeeds('preview', '-s', stack, '--json')) as {
    readonly steps: readonly { readonly op: string; readonly urn: string }[];
  };
  const own = steps.filter(({ op }) => !['same', 'create-replacement', 'delete-replaced'].includes(op));
  return { operations: own.map(({ op, urn }) => `${urn.split('::')[2]!.split(':').at(-1)} ${op}`).sort() };
}
