import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { at, mockStack } from '../testing/mock-stack';
import { Registry, type RegistryArgs } from './registry';

const made = (args: Partial<RegistryArgs> = {}) =>
  mockStack(() => new Registry('images', { repositories: ['shop', 'team-a/worker'], ...args }));

describe('Registry', () => {
  it('scans what is pushed, never moves a tag, and encrypts', async () => {
    const { inputs } = (await made()).named('aws:ecr/repository:Repository', 'images-team-a-worker');
    assert.equal(inputs.name, 'team-a/worker');
    assert.equal(inputs.imageTagMutability, 'IMMUTABLE');
    assert.equal(at(inputs, 'imageScanningConfiguration.scanOnPush'), true);
    assert.equal(at(inputs, 'encryptionConfigurations.0.encryptionType'), 'KMS');
    assert.equal(inputs.forceDelete, false);
  });

  it('clears away old images', async () => {
    const { inputs } = (await made({ keep: 5 })).named('aws:ecr/lifecyclePolicy:LifecyclePolicy', 'images-shop');
    const { rules } = JSON.parse(String(inputs.policy));
    assert.deepEqual(
      rules.map((rule: { selection: object }) => at(rule, 'selection.countNumber')),
      [7, 5],
    );
  });

  it('is read by nobody else unless accounts are named', async () => {
    assert.equal((await made()).ofType('aws:ecr/repositoryPolicy:RepositoryPolicy').length, 0);
    const stack = await made({ readers: ['123456789012'] });
    const { inputs } = stack.named('aws:ecr/repositoryPolicy:RepositoryPolicy', 'images-shop');
    const [statement] = JSON.parse(String(inputs.policy)).Statement;
    assert.deepEqual(statement.Principal.AWS, ['arn:aws:iam::123456789012:root']);
    assert.ok(statement.Action.every((action: string) => !/Put|Upload|Delete/.test(action)));
  });
});
