import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { documentedReplacements } from './documented-replacements.ts';
import { loadSdkFacts } from './sdk-facts.ts';

const SOURCE = `
export interface ThingArgs {
    /**
     * How it is called. Changing this forces a new resource
     * to be created.
     */
    name?: pulumi.Input<string>;
    /** How large. When decreased, this will force a recreation of the resource. */
    size?: pulumi.Input<number>;
    /** Nothing special. */
    colour?: pulumi.Input<string>;
    kind: pulumi.Input<string>;
    /** Where. Changing \`place\` will cause the resource to be destroyed and re-created. */
    place: pulumi.Input<string>;
}
export interface OtherArgs {
    /** Changing this forces replacement. */
    other?: pulumi.Input<string>;
}
`;

describe('documentedReplacements', () => {
  it('reads which inputs always make a new resource, of one type alone', () => {
    assert.deepEqual([...documentedReplacements(SOURCE, 'ThingArgs')], ['name', 'place']);
    assert.deepEqual([...documentedReplacements(SOURCE, 'OtherArgs')], ['other']);
    assert.deepEqual([...documentedReplacements(SOURCE, 'NothingArgs')], []);
  });

  it('reads them from installed SDKs', () => {
    const facts = loadSdkFacts('aws', join(dirname(fileURLToPath(import.meta.url)), '../../..'));
    assert.ok(facts.replacing('aws:emr/instanceGroup:InstanceGroup').has('clusterId'));
    assert.ok(!facts.replacing('aws:ec2/vpc:Vpc').has('tags'));
    assert.equal(facts.replacing('aws:nowhere/thing:Thing').size, 0);
  });
});
