import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parse } from 'yaml';
import { startKubernetes, whyNot } from '../../test/servers/start.ts';
import { configMap, types } from './manifests.ts';
import { at, ScriptedEngine, type ScriptedResource } from './scripted-engine.ts';
import { TestBed } from './test-bed.ts';
import { TestCluster, uniqueName } from './test-cluster.ts';

/** What the engine runs at once on a machine of eight cores. */
const PARALLEL = 32;

describe('many objects', { skip: await whyNot('kubernetes') }, () => {
  let bed: TestBed;
  let engine: ScriptedEngine;
  let cluster: TestCluster;
  const namespace = uniqueName('many');
  const core = `/api/v1/namespaces/${namespace}`;

  before(async () => {
    bed = await TestBed.open(startKubernetes, namespace, { enableConfigMapMutable: true });
    ({ engine, cluster } = bed);
  });

  after(() => bed?.close());

  const inputs = (name: string, value = '1') => configMap(namespace, { value }, { name });

  /** Megabytes in use after everything that is not needed has been let go. */
  function used(): number {
    setFlagsFromString('--expose-gc');
    runInNewContext('gc')();
    return process.memoryUsage().heapUsed / 2 ** 20;
  }

  async function forEach<Item, Result>(
    items: readonly Item[],
    work: (item: Item) => Promise<Result>,
  ): Promise<Result[]> {
    const results: Result[] = [];
    const queue = items.entries();
    const worker = async () => {
      for (const [index, item] of queue) results[index] = await work(item);
    };
    await Promise.all(Array.from({ length: PARALLEL }, worker));
    return results;
  }

  it('a thousand of them take no memory but that of their states', async () => {
    await engine.delete(await engine.create(types.configMap, 'first', inputs('first')));
    const before = used();
    let made: readonly ScriptedResource[] = await forEach(
      Array.from({ length: 1000 }, (_, index) => `map-${index}`),
      (name) => engine.create(types.configMap, name, inputs(name)),
    );
    made = await forEach(made, (one) => engine.update(one, inputs(one.name, '2')));
    made = await forEach(made, async (one) => (await engine.refresh(one))!);
    const diffs = await forEach(made, (one) => engine.diff(one, inputs(one.name, '2')));
    assert.ok(diffs.every(({ changes }) => changes === 'none'));
    const states = JSON.stringify(made).length / 2 ** 20;
    await forEach(made, (one) => engine.delete(one));
    made = [];
    const left = used() - before;
    assert.ok(left < 16, `${left.toFixed(1)} MB are left of states of ${states.toFixed(1)} MB`);
  });

  it('of a server that has little time for this user are all made, as it is asked again when it says so', async () => {
    const name = uniqueName('slow');
    await limit(name);
    const kubeconfig = await accountKubeconfig(name);
    const slow = await ScriptedEngine.start({ kubeconfig, namespace });
    try {
      const client = new TestCluster(kubeconfig);
      const pressing = pressUntilRefused(client);
      // Each round makes as many again, until the server has refused one of ours for want of time.
      for (let round = 0; round === 0 || pressing.isGoingOn(); round += 1) {
        const names = Array.from({ length: 40 }, (_, index) => `slow-${round}-${index}`);
        const made = await forEach(names, (one) => slow.create(types.configMap, one, inputs(one)));
        assert.equal(made.length, 40);
      }
      await pressing.end;
      client.close();
      assert.ok(refused(await metrics()) > 0, 'the server did say 429 to the provider');
    } finally {
      await slow.close();
      await cluster.delete(`${FLOW}/flowschemas/${name}`);
      await cluster.delete(`${FLOW}/prioritylevelconfigurations/${name}`);
    }
  });

  const FLOW = '/apis/flowcontrol.apiserver.k8s.io/v1';

  /** Gives the service account of this name the least that the server can: what is more is refused with 429. */
  async function limit(name: string): Promise<void> {
    const limited = { nominalConcurrencyShares: 1, borrowingLimitPercent: 0, limitResponse: { type: 'Reject' } };
    const kind = (of: string) => ({ apiVersion: 'flowcontrol.apiserver.k8s.io/v1', kind: of, metadata: { name } });
    await cluster.post(`${FLOW}/prioritylevelconfigurations`, {
      ...kind('PriorityLevelConfiguration'),
      spec: { type: 'Limited', limited },
    });
    const rule = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] };
    const subject = { kind: 'ServiceAccount', serviceAccount: { name, namespace } };
    await cluster.post(`${FLOW}/flowschemas`, {
      ...kind('FlowSchema'),
      spec: {
        priorityLevelConfiguration: { name },
        matchingPrecedence: 2,
        rules: [{ subjects: [subject], resourceRules: [rule] }],
      },
    });
  }

  async function accountKubeconfig(name: string): Promise<string> {
    const accounts = `${core}/serviceaccounts`;
    await cluster.post(accounts, { metadata: { name } });
    const group = 'rbac.authorization.k8s.io';
    await cluster.post(`/apis/${group}/v1/namespaces/${namespace}/rolebindings`, {
      apiVersion: `${group}/v1`,
      kind: 'RoleBinding',
      metadata: { name },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    });
    const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 600 } };
    const token = String(at((await cluster.post(`${accounts}/${name}/token`, request)) as never, 'status', 'token'));
    const config = parse(await readFile(bed.kubeconfig, 'utf8'));
    const users = config.users.map((user: { name: string }) => ({ name: user.name, user: { token } }));
    return JSON.stringify({ ...config, users });
  }

  const metrics = () => cluster.text('/metrics');

  /** How many creations of a ConfigMap the server has refused as it had no time for them, by its own metrics. */
  function refused(text: string): number {
    const lines = text.matchAll(/^apiserver_request_total\{([^}]*)\} (\d+)/gm);
    const ours = [...lines].filter(([, labels]) =>
      ['code="429"', 'resource="configmaps"', 'verb="POST"'].every((label) => labels!.includes(label)),
    );
    return ours.reduce((sum, [, , count]) => sum + Number(count), 0);
  }

  /** Keeps the server busy in the name of this client until it has refused a creation, or two minutes have passed. */
  function pressUntilRefused(client: TestCluster): { readonly end: Promise<unknown>; isGoingOn(): boolean } {
    const ending = new AbortController();
    const press = async () => {
      while (!ending.signal.aborted) await client.text(`${core}/configmaps`);
    };
    const watch = async () => {
      for (const deadline = Date.now() + 120_000; Date.now() < deadline && refused(await metrics()) === 0; )
        await delay(100);
      ending.abort();
    };
    const end = Promise.all([watch(), ...Array.from({ length: 8 }, press)]);
    return { end, isGoingOn: () => !ending.signal.aborted };
  }
});
