import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { findOfficialPair } from '../../test/servers/official-provider.ts';
import { type ControlPlane, startKubernetes, whyNot } from '../../test/servers/start.ts';
import { PlayedControllers } from './played-controllers.ts';
import { TestCluster, uniqueName } from './test-cluster.ts';
import { TestProgram } from './test-program.ts';

const pair = findOfficialPair();
const missing = pair ? false : 'the official CLI and its kubernetes plugin are not installed (MAINSTAY_BENCH_OFFICIAL)';

describe('one stack under the official provider and ours in turn', {
  skip: (await whyNot('kubernetes')) || missing,
}, () => {
  let plane: ControlPlane;
  let cluster: TestCluster;
  let controllers: PlayedControllers;
  let ours: TestProgram;
  let theirs: TestProgram;
  const group = `${uniqueName('i')}.mainstay.test`;

  before(async () => {
    plane = await startKubernetes();
    cluster = new TestCluster(plane.kubeconfig);
    controllers = new PlayedControllers(cluster, group);
    const common = { fixture: 'every-kind', kubeconfig: plane.kubeconfig };
    ours = await TestProgram.start(common);
    theirs = ours.with({ ...common, executable: pair!.cli, environment: { PATH: pair!.path } });
    await ours.configure({ group });
    await ours.pulumi('config', 'set', '--secret', 'password', 'hunter2');
  });

  after(async () => {
    await ours?.pulumi('destroy', '--yes', '--skip-preview').catch(() => {});
    await controllers?.stop();
    cluster?.close();
    await plane?.stop();
    await ours?.remove();
  });

  const isUnchanged = async () => {
    assert.deepEqual(await ours.preview(), { same: 20 }, 'under ours');
    assert.deepEqual(await theirs.preview(), { same: 20 }, 'under the official one');
  };

  it('shows no change under either after the official one has made it', async () => {
    await theirs.up();
    await isUnchanged();
  });

  it('shows no change under either after ours has changed and refreshed it', async () => {
    await ours.configure({ image: 'nginx:2', replicas: '3' });
    await ours.up();
    await isUnchanged();
    await ours.pulumi('refresh', '--yes', '--skip-preview');
    await isUnchanged();
  });

  it('shows no change under either after the official one has changed and refreshed it again', async () => {
    await ours.configure({ image: 'nginx:3', replicas: '2' });
    await theirs.up();
    await theirs.pulumi('refresh', '--yes', '--skip-preview');
    await isUnchanged();
  });

  it('is destroyed by the official one after ours has made it anew', async () => {
    await ours.pulumi('destroy', '--yes', '--skip-preview');
    await ours.up();
    await isUnchanged();
    await theirs.pulumi('destroy', '--yes', '--skip-preview');
    assert.deepEqual(await ours.resources(), []);
  });
});
