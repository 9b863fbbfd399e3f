import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Secret, Unknown } from '../../protocol/property-value.ts';
import { createProvider } from './provider.ts';
import { TestDesk } from './testing-desk.ts';
import { World } from './world.ts';

let desk: TestDesk;
beforeEach(() => {
  desk = new TestDesk();
});
afterEach(() => desk.close());

const CONFIG_MAP = 'kubernetes:core/v1:ConfigMap';
const map = (data: Record<string, string>) => ({ metadata: { name: 'a' }, data });

describe('the sandbox', () => {
  it('says nothing is there that was only previewed', async () => {
    const provider = await desk.provider('kubernetes');
    const urn = `urn:pulumi:test::estate::${CONFIG_MAP}::a`;
    const inputs = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' } };
    const { id, outputs } = await provider.create({
      urn,
      name: 'a',
      type: CONFIG_MAP,
      inputs,
      timeout: 0,
      preview: true,
    });
    assert.equal(id, '');
    assert.ok((outputs.metadata as { uid: unknown }).uid instanceof Unknown);
    assert.equal((outputs.metadata as { name: unknown }).name, 'a');
    assert.deepEqual(desk.world.list(), []);
  });

  it('says sandbox in whatever it says: messages, mistakes in inputs, refusals, faults, functions', async () => {
    const vpc = await desk.make('aws:ec2/vpc:Vpc', 'net', { cidrBlock: '10.0.0.0/16' });
    const subnet = { vpcId: vpc.id, cidrBlock: '10.0.0.0/24' };
    await desk.make('aws:ec2/subnet:Subnet', 'a', subnet);
    const aws = await desk.provider('aws', { region: 'eu-central-1' });
    const kubernetes = await desk.provider('kubernetes');
    const failing: readonly (() => Promise<unknown>)[] = [
      () => desk.make('aws:ec2/vpc:Vpc', 'v', { cidrBlok: 'x' }),
      () => desk.make('aws:ec2/vpc:Vpc', 'v', { cidrBlock: '10.0.0.0/99' }),
      () => desk.make('aws:ec2/subnet:Subnet', 'b', subnet),
      () => desk.make('aws:ec2/subnet:Subnet', 'c', { vpcId: 'vpc-00123456789abcdef', cidrBlock: '10.0.0.0/24' }),
      () => desk.remove(vpc),
      () => aws.invoke({ token: 'aws:ec2/getVpcs:getVpcs', args: {} }),
      () => kubernetes.invoke({ token: 'kubernetes:yaml:decode', args: { text: 'a: [' } }),
      () => kubernetes.invoke({ token: 'kubernetes:nothing:at', args: {} }),
    ];
    for (const work of failing) await assert.rejects(work, /sandbox/);
    for (const kind of ['fail', 'throttle'] as const) {
      desk.world.setFaults([{ kind, match: '*', message: 'no room' }]);
      await assert.rejects(() => desk.update(vpc, vpc.inputs), /sandbox/);
    }
    desk.world.setFaults([]);
    await desk.remove(await desk.make(CONFIG_MAP, 'a', map({})));
    assert.ok(desk.messages.length >= 6);
    for (const { message } of desk.messages) assert.match(message, /^sandbox: /);
  });

  it('reads back what it was given, secrets included, and holds none in its file', async () => {
    const made = await desk.make('kubernetes:core/v1:Secret', 's', {
      metadata: { name: 's' },
      stringData: new Secret({ password: 'correct horse' }),
    });
    const read = await desk.read(made);
    assert.deepEqual(read.outputs, made.outputs);
    assert.deepEqual(read.inputs, made.inputs);
    for (const suffix of ['', '-wal']) {
      assert.ok(!readFileSync(desk.path + suffix, 'latin1').includes('correct horse'), `world${suffix}`);
    }
  });

  it('shows what was changed behind its back, and what is gone', async () => {
    const made = await desk.make(CONFIG_MAP, 'a', map({ size: 'small' }));
    assert.equal(desk.world.drift('a', 'data.size', 'large'), 1);
    const read = await desk.read(made);
    assert.deepEqual((read.inputs as { data: unknown }).data, { size: 'large' });
    assert.equal(desk.world.vanish('*ConfigMap*'), 1);
    assert.equal((await desk.read(made)).id, '');
    await desk.remove(made);
  });

  it('shows a secret that was changed behind its back as changed', async () => {
    const made = await desk.make('kubernetes:core/v1:Secret', 's', {
      metadata: { name: 's' },
      stringData: { password: new Secret('a') },
    });
    desk.world.drift('s', 'stringData.password', 'b');
    const { stringData } = (await desk.read(made)).inputs as unknown as { stringData: { password: unknown } };
    assert.deepEqual(stringData.password, new Secret('b'));
  });

  it('fails, throttles and lags as it is told, as often as it is told', async () => {
    desk.world.setFaults([{ kind: 'fail', match: 'a', on: ['create'], times: 1, message: 'no room' }]);
    await assert.rejects(() => desk.make(CONFIG_MAP, 'a', map({})), /^ProviderError: sandbox: no room/);
    const made = await desk.make(CONFIG_MAP, 'a', map({}));
    desk.world.setFaults([{ kind: 'throttle', match: '*ConfigMap', on: ['update'] }]);
    await assert.rejects(() => desk.update(made, made.inputs), /ThrottlingException/);
    await assert.rejects(() => desk.update(made, made.inputs), /ThrottlingException/);
    desk.world.setFaults([{ kind: 'lag', match: 'a', milliseconds: 60 }]);
    const start = performance.now();
    await desk.update(made, made.inputs);
    assert.ok(performance.now() - start >= 55);
  });

  it('drifts and vanishes once before a read, where a fault says so', async () => {
    const made = await desk.make(CONFIG_MAP, 'a', map({ size: 'small' }));
    desk.world.setFaults([{ kind: 'drift', match: 'a', path: 'data.size', value: 'large' }]);
    assert.deepEqual(((await desk.read(made)).inputs as { data: unknown }).data, { size: 'large' });
    await desk.update(made, made.inputs);
    assert.deepEqual(((await desk.read(made)).inputs as { data: unknown }).data, { size: 'small' });
    desk.world.setFaults([{ kind: 'vanish', match: 'a' }]);
    assert.equal((await desk.read(made)).id, '');
  });

  it('refuses to update what is gone, and a second object of one name', async () => {
    const made = await desk.make(CONFIG_MAP, 'a', map({}));
    await assert.rejects(() => desk.make(CONFIG_MAP, 'b', map({})), /sandbox: ConfigMap "default\/a" already exists/);
    desk.world.vanish('a');
    await assert.rejects(() => desk.update(made, made.inputs), /"default\/a" not found/);
  });

  it('takes up a creation that a killed engine never heard the end of', async () => {
    const first = await desk.make(CONFIG_MAP, 'a', map({}));
    const second = await desk.make(CONFIG_MAP, 'a', map({}));
    assert.equal(second.id, first.id);
    assert.equal(desk.world.list().length, 1);
  });

  it('says which file it cannot write', async () => {
    const provider = await createProvider({
      package: 'kubernetes',
      version: '',
      project: 'estate',
      stack: 'test',
      organization: 'organization',
      rootDirectory: '/',
      environment: { MAINSTAY_SANDBOX: '/dev/null/world.sqlite' },
      log: () => {},
    });
    const urn = `urn:pulumi:test::estate::${CONFIG_MAP}::a`;
    const request = { urn, name: 'a', type: CONFIG_MAP, id: 'default/a', inputs: {}, outputs: {} };
    await assert.rejects(
      () => provider.read(request),
      /^ProviderError: Cannot open the sandbox's world as .*dev\/null/,
    );
  });

  it('leaves unknown packages what they gave, and says which functions it does not know', async () => {
    const made = await desk.make('random:index/randomPet:RandomPet', 'pet', { length: 2 });
    assert.match(made.id, /^sandbox-/);
    assert.equal(made.outputs.length, 2);
    const provider = await desk.provider('random');
    await assert.rejects(
      () => provider.invoke({ token: 'random:index:get', args: {} }),
      /Cannot call random:index:get/,
    );
  });
});

describe('a world', () => {
  it('is shared by processes that write at the same time, and loses nothing', async () => {
    const script = `
      import { World } from ${JSON.stringify(new URL('./world.ts', import.meta.url).href)};
      const world = new World(process.argv[1]);
      const ready = { realm: '', type: 'ready', id: String(process.pid), urn: 'u', inputs: {}, outputs: {} };
      world.put(ready);
      while (world.list('ready').length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
      for (let i = 0; i < 200; i++) world.transaction(() => {
        const counter = world.get({ realm: '', type: 't', id: 'counter' });
        const count = Number(counter?.outputs.count ?? 0) + 1;
        world.put({ realm: '', type: 't', id: 'counter', urn: 'u', inputs: {}, outputs: { count } });
      });
      world.close();`;
    const children = [1, 2, 3].map(() =>
      spawn(process.execPath, ['--input-type=module', '-e', script, desk.path], {
        stdio: ['ignore', 'inherit', 'inherit'],
      }),
    );
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'close'))[0]));
    assert.deepEqual(codes, [0, 0, 0]);
    assert.equal(desk.world.get({ realm: '', type: 't', id: 'counter' })?.outputs.count, 600);
  });

  it('undoes what a failed transaction did, and keeps the rest for the next process', async () => {
    const object = { realm: '', type: 't', id: 'a', urn: 'u', inputs: {}, outputs: {} };
    desk.world.put(object);
    assert.throws(() =>
      desk.world.transaction(() => {
        desk.world.remove(object);
        throw new Error('no');
      }),
    );
    const again = new World(desk.path);
    assert.deepEqual(again.list(), [object]);
    assert.equal(again.sealKey, desk.world.sealKey);
    again.close();
  });
});
