import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { classOutputs, indexInterfaces, interfaceProperties } from './declarations.ts';
import { loadSdkFacts } from './sdk-facts.ts';
import { parseTypeExpression } from './type-expression.ts';

describe('parseTypeExpression', () => {
  const cases = {
    'pulumi.Input<string>': { kind: 'string' },
    'pulumi.Input<number | undefined>': { kind: 'number' },
    'pulumi.Input<pulumi.Input<inputs.ec2.Rule>[] | undefined>': {
      kind: 'array',
      of: { kind: 'object', name: 'ec2.Rule' },
    },
    'pulumi.Input<{ [key: string]: pulumi.Input<string>; } | undefined>': { kind: 'map', of: { kind: 'string' } },
    'pulumi.Input<number | string>': { kind: 'union', of: [{ kind: 'number' }, { kind: 'string' }] },
    'pulumi.Input<"apps/v1" | undefined>': { kind: 'literal', value: 'apps/v1' },
    'pulumi.asset.Archive': { kind: 'asset' },
    'pulumi.Input<SomethingElse>': { kind: 'any' },
  };
  for (const [text, wanted] of Object.entries(cases)) {
    it(`reads ${text}`, () => assert.deepEqual(parseTypeExpression(text), wanted));
  }
});

const SOURCE = `
export declare class Thing extends pulumi.CustomResource {
    static get(name: string): Thing;
    /** The ARN; not { a brace. */
    readonly arn: pulumi.Output<string>;
    readonly size: pulumi.Output<number | undefined>;
    constructor(name: string, args: ThingArgs);
}
export interface ThingState {
    arn?: pulumi.Input<string | undefined>;
}
export interface ThingArgs {
    /** How large; "quoted". */
    size?: pulumi.Input<number | undefined>;
    tags: pulumi.Input<{
        [key: string]: pulumi.Input<string>;
    }>;
}
export declare namespace core {
    namespace v1 {
        interface Inner {
            name: pulumi.Input<string>;
        }
    }
    interface Outer {
    }
}
`;

describe('declarations of a generated SDK', () => {
  it('give inputs, with what is required', () => {
    assert.deepEqual(interfaceProperties(SOURCE, 'ThingArgs'), {
      size: { type: { kind: 'number' }, required: false },
      tags: { type: { kind: 'map', of: { kind: 'string' } }, required: true },
    });
    assert.equal(interfaceProperties(SOURCE, 'NothingArgs'), undefined);
  });

  it('give outputs', () => {
    assert.deepEqual(classOutputs(SOURCE, 'Thing'), {
      arn: { type: { kind: 'string' }, required: true },
      size: { type: { kind: 'number' }, required: false },
    });
  });

  it('give nested types by their path', () => {
    assert.deepEqual([...indexInterfaces(SOURCE).keys()], ['ThingState', 'ThingArgs', 'core.v1.Inner', 'core.Outer']);
  });
});

describe('the facts of installed SDKs', () => {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

  it('are found for resources of several modules', () => {
    const aws = loadSdkFacts('aws', root);
    assert.equal(aws.inputs('aws:ec2/subnet:Subnet')?.vpcId?.required, true);
    assert.equal(aws.inputs('aws:eks/nodeGroup:NodeGroup')?.scalingConfig?.required, true);
    assert.equal(aws.outputs('aws:s3/bucket:Bucket')?.arn?.required, true);
    const kubernetes = loadSdkFacts('kubernetes', root);
    assert.equal(kubernetes.inputs('kubernetes:networking.k8s.io/v1:Ingress')?.spec?.required, false);
    assert.ok(kubernetes.object('core.v1.PodSpec')?.containers?.required);
  });

  it('are silent about what they do not have', () => {
    const kubernetes = loadSdkFacts('kubernetes', root);
    assert.deepEqual(kubernetes.check('kubernetes:gateway.networking.k8s.io/v1:HTTPRoute', { anything: 1 }), []);
    assert.deepEqual(loadSdkFacts('nowhere', root).check('nowhere:a:B', { anything: 1 }), []);
  });
});
