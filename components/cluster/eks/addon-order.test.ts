import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { planAddons } from './addon-order';
import type { AddonArgs } from './eks-args';

const summary = (asked: Readonly<Record<string, AddonArgs>>) =>
  planAddons(asked).map(({ name, after, afterNodes }) =>
    [name, afterNodes ? 'after nodes' : 'before nodes', ...after].join(' '),
  );

/** Add-ons of which each depends on some that are named before it: never in a circle. */
const acyclic = fc
  .array(fc.record({ picks: fc.array(fc.nat(20), { maxLength: 4 }), withRole: fc.boolean() }), { maxLength: 12 })
  .map((list) =>
    list.map(({ picks, withRole }, index): [string, AddonArgs] => [
      `addon-${index}`,
      {
        dependsOn: [...new Set(picks.filter((pick) => pick < index).map((pick) => `addon-${pick}`))],
        ...(withRole ? { podIdentity: { account: 'arn:aws:iam::123456789012:role/r' } } : {}),
      },
    ]),
  )
  .chain((entries) => fc.shuffledSubarray(entries, { minLength: entries.length }))
  .map((entries) => Object.fromEntries(entries));

describe('planAddons', () => {
  it('has what every cluster needs once, and what was asked for after nodes', () => {
    assert.deepEqual(summary({ 'metrics-server': {}, 'vpc-cni': { version: 'v1.20.0-eksbuild.1' } }), [
      'vpc-cni before nodes',
      'kube-proxy before nodes',
      'eks-pod-identity-agent before nodes',
      'coredns after nodes',
      'metrics-server after nodes',
    ]);
  });

  it('puts every add-on after all it depends on, and nodes in between, whatever the order of asking', () => {
    fc.assert(
      fc.property(acyclic, (asked) => {
        const plan = planAddons(asked);
        const place = new Map(plan.map(({ name }, index) => [name, index]));
        assert.equal(plan.length, Object.keys(asked).length + 4);
        for (const [index, addon] of plan.entries()) {
          for (const other of addon.after) assert.ok(place.get(other)! < index, `${other} before ${addon.name}`);
          if (asked[addon.name]?.podIdentity) assert.ok(addon.after.includes('eks-pod-identity-agent'));
          if (!addon.afterNodes) assert.ok(plan.slice(0, index).every(({ afterNodes }) => !afterNodes));
        }
      }),
    );
  });

  it('makes roles for drivers that cannot work without, unless roles are named', () => {
    const roles = (args: AddonArgs) =>
      planAddons({ 'aws-ebs-csi-driver': args }).find(({ name }) => name === 'aws-ebs-csi-driver')!.roles;
    assert.deepEqual(roles({}), { 'ebs-csi-controller-sa': ['service-role/AmazonEBSCSIDriverPolicy'] });
    assert.deepEqual(roles({ podIdentity: { 'ebs-csi-controller-sa': 'arn:aws:iam::1:role/x' } }), {});
  });

  it('takes another network add-on in place of the usual one', () => {
    const plan = summary({ 'vpc-cni': { enabled: false }, cilium: { beforeNodes: true } });
    assert.ok(plan.includes('cilium before nodes') && !plan.some((line) => line.startsWith('vpc-cni')));
  });

  it('refuses circles, unknown names, and roles without the agent', () => {
    const circle = { a: { dependsOn: ['b'] }, b: { dependsOn: ['a'] } };
    assert.throws(() => planAddons(circle), /wait for each other: a waits for b; b waits for a/);
    assert.throws(() => planAddons({ a: { dependsOn: ['a'] } }), /wait for each other/);
    assert.throws(() => planAddons({ a: { beforeNodes: true, dependsOn: ['coredns'] } }), /wait for each other/);
    assert.throws(() => planAddons({ a: { dependsOn: ['b'] } }), /that the cluster does not have: b\. Add it/);
    const withoutAgent = { 'eks-pod-identity-agent': { enabled: false }, 'aws-ebs-csi-driver': {} };
    assert.throws(() => planAddons(withoutAgent), /eks-pod-identity-agent is switched off/);
  });
});
