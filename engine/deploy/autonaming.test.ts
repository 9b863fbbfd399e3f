import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CheckRequest, CheckResponse } from '../../protocol/provider.ts';
import { adaptProvider } from '../../protocol/provider-adapter.ts';
import type { Autonamer } from './deployment-options.ts';
import { TestCloud } from './testing/test-cloud.ts';
import { TestStack } from './testing/test-stack.ts';

const naming = (deleteBeforeReplace: boolean): Autonamer => {
  return ({ name }) => ({
    proposedName: `x-${name}`,
    mode: 'propose',
    deleteBeforeReplace,
    warnIfUnsupported: false,
  });
};

describe('automatic naming', () => {
  it('reaches the check of managed resources, and of no component', async () => {
    const stack = new TestStack();
    const asked: CheckRequest[] = [];
    const check = stack.cloud.check.bind(stack.cloud);
    stack.cloud.check = (request): Promise<CheckResponse> => {
      asked.push(request);
      return check(request);
    };
    const urns: string[] = [];
    const autonamer: Autonamer = (resource) => {
      urns.push(resource.urn);
      return naming(false)(resource);
    };
    await stack.up(
      async (program) => {
        await program.component('group');
        await program.thing('a');
      },
      { autonamer },
    );
    assert.deepEqual(
      asked.map(({ name, autonaming }) => [name, autonaming?.proposedName, autonaming?.mode]),
      [['a', 'x-a', 'propose']],
    );
    assert.ok(
      urns.every((urn) => !urn.includes('Group')),
      urns.join(),
    );
  });

  for (const [fixed, order] of [
    [true, ['delete-replaced a', 'replace a', 'create-replacement a']],
    [false, ['create-replacement a', 'replace a', 'delete-replaced a']],
  ] as const) {
    it(`with ${fixed ? 'a fixed name the old resource goes first' : 'a drawn name the new resource comes first'}`, async () => {
      const stack = new TestStack();
      const version = (number: number) =>
        stack.up((program) => program.thing('a', { replaceBy: number }), { autonamer: naming(fixed) });
      await version(1);
      assert.deepEqual((await version(2)).steps, order);
    });
  }

  for (const warned of [true, false]) {
    it(`a provider that cannot do it is not asked to, ${warned ? 'with' : 'without'} a warning`, async () => {
      const warnings: string[] = [];
      const cloud = new TestCloud();
      const got: unknown[] = [];
      cloud.check = async ({ news, autonaming }) => {
        got.push(autonaming);
        return { inputs: news, failures: [] };
      };
      const provider = adaptProvider(cloud, { warn: (_, message) => warnings.push(message) });
      await provider.configure({ urn: '', type: '', name: '', id: '', inputs: {}, variables: {} } as never);
      await provider.check({
        ...{ urn: 'urn:a', name: 'a', type: 'test:index:Thing', olds: {}, news: {} },
        autonaming: { proposedName: 'a', mode: 'enforce', warnIfUnsupported: warned },
      });
      assert.deepEqual(got, [undefined]);
      assert.equal(warnings.length, warned ? 1 : 0);
    });
  }
});
