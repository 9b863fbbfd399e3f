import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { at, mockStack } from '../testing/mock-stack';
import { Tenant, type TenantArgs } from './tenant';

const made = (args: TenantArgs = {}) => mockStack(() => new Tenant('store', args));

describe('Tenant', () => {
  it('lets nothing in, nothing out but names, and no pod that is not restricted', async () => {
    const stack = await made();
    const deny = stack.named('kubernetes:networking.k8s.io/v1:NetworkPolicy', 'store-default-deny').inputs;
    assert.deepEqual(at(deny, 'spec'), { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    const dns = stack.named('kubernetes:networking.k8s.io/v1:NetworkPolicy', 'store-allow-dns').inputs;
    assert.equal((at(dns, 'spec.egress') as readonly unknown[]).length, 1);
    const labels = at(stack.only('kubernetes:core/v1:Namespace').inputs, 'metadata.labels');
    assert.equal(at(labels, 'pod-security\\.kubernetes\\.io/enforce'), 'restricted');
  });

  it('limits what its pods ask for together, and opens no door of its own', async () => {
    const stack = await made({ quota: { cpu: '32', storage: '1Ti' } });
    const hard = at(stack.only('kubernetes:core/v1:ResourceQuota').inputs, 'spec.hard') as Record<string, string>;
    assert.deepEqual([hard['requests.cpu'], hard['requests.storage'], hard.pods], ['32', '1Ti', '50']);
    assert.deepEqual([hard['services.loadbalancers'], hard['services.nodeports']], ['0', '0']);
    assert.equal(at(stack.only('kubernetes:core/v1:LimitRange').inputs, 'spec.limits.0.default.memory'), '128Mi');
  });

  it('binds groups and users to roles of Kubernetes', async () => {
    const stack = await made({ members: { edit: ['developers', 'user:ana@shop.example'], view: ['everybody'] } });
    assert.equal(stack.ofType('kubernetes:rbac.authorization.k8s.io/v1:RoleBinding').length, 2);
    const { inputs } = stack.named('kubernetes:rbac.authorization.k8s.io/v1:RoleBinding', 'store-edit');
    assert.deepEqual(
      (at(inputs, 'subjects') as readonly { kind: string; name: string }[]).map(({ kind, name }) => `${kind} ${name}`),
      ['Group developers', 'User ana@shop.example'],
    );
    assert.equal(at(inputs, 'roleRef.name'), 'edit');
  });

  it('gives its namespace out only after its policies are there', async () => {
    let namespace = '';
    await mockStack(() => {
      new Tenant('store', { namespace: 'team-store' }).namespace.apply((made) => {
        namespace = made;
      });
    });
    assert.equal(namespace, 'team-store');
  });
});
