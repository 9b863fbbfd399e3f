// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are placeholders of Pulumi.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StackConfig } from '../project/stack-config.ts';
import { autonamerOf } from './autonaming.ts';

const scope = { organization: 'organization', project: 'shop', stack: 'dev' };
const bucket = {
  urn: 'urn:pulumi:dev::shop::aws:s3/bucket:Bucket::images',
  type: 'aws:s3/bucket:Bucket',
  name: 'images',
  randomSeed: Buffer.from('test seed'),
};

function config(autonaming: unknown, others: Readonly<Record<string, unknown>> = {}): StackConfig {
  const entries = Object.entries({ 'pulumi:autonaming': autonaming, ...others });
  const isObject = (value: unknown): boolean => typeof value === 'object';
  return {
    values: Object.fromEntries(
      entries.map(([key, value]) => [key, isObject(value) ? JSON.stringify(value) : String(value)]),
    ),
    secretKeys: [],
    objectKeys: new Set(entries.filter(([, value]) => isObject(value)).map(([key]) => key)),
  };
}

const named = (autonaming: unknown, others?: Readonly<Record<string, unknown>>) =>
  autonamerOf(config(autonaming, others), scope)!(bucket);

describe('the setting pulumi:autonaming', () => {
  it('says nothing where it is absent, or the mode is default', () => {
    assert.equal(autonamerOf({ values: {}, secretKeys: [], objectKeys: new Set() }, scope), undefined);
    assert.equal(named({ mode: 'default' }), undefined);
    assert.equal(named({}), undefined);
  });

  it('takes resource names as they are, deleting first as two of them cannot exist', () => {
    assert.deepEqual(named({ mode: 'verbatim' }), {
      proposedName: 'images',
      mode: 'enforce',
      deleteBeforeReplace: true,
      warnIfUnsupported: false,
    });
  });

  it('switches naming off', () => {
    assert.deepEqual(named({ mode: 'disabled' }), {
      proposedName: '',
      mode: 'disable',
      deleteBeforeReplace: true,
      warnIfUnsupported: false,
    });
  });

  it('fills a pattern in, with a random part that lets old and new stand side by side', () => {
    const pattern = '${organization}-${project}-${stack}-${config.team}-${config.place.zones[1]}-${name}-${hex(4)}';
    const others = { 'shop:team': 'ops', 'shop:place': { zones: ['a', 'b'] } };
    assert.deepEqual(named({ pattern }, others), {
      proposedName: 'organization-shop-dev-ops-b-images-f93c',
      mode: 'propose',
      deleteBeforeReplace: false,
      warnIfUnsupported: false,
    });
    assert.equal(named({ pattern: '${name}-x', enforce: true })?.warnIfUnsupported, true);
  });

  it('lets the type decide before the provider and the provider before all', () => {
    const resources = { 'aws:s3/bucket:Bucket': { pattern: 'bucket-${name}' } };
    const aws = { pattern: 'aws-${name}' };
    const name = (providers: unknown) => named({ mode: 'verbatim', providers })?.proposedName;
    assert.equal(name({ aws: { ...aws, resources } }), 'bucket-images');
    assert.equal(name({ aws }), 'aws-images');
    assert.equal(name({ aws: { resources: { 'aws:s3/object:Object': aws } } }), 'images');
    assert.equal(name({ azure: aws }), 'images');
    assert.equal(named({ mode: 'verbatim', providers: { aws: { mode: 'default' } } }), undefined);
    assert.equal(named({ mode: 'verbatim', providers: { aws } })?.warnIfUnsupported, true);
  });

  const refused: readonly (readonly [unknown, RegExp])[] = [
    [123, /as it is not an object: "123"/],
    [{ mode: 'magic' }, /unknown mode .*: "magic"/],
    [{ modus: 'verbatim' }, /unknown key .*: "modus"/],
    [{ mode: 'verbatim', pattern: 'x' }, /both a mode and a pattern/],
    [{ enforce: true }, /enforce without a pattern/],
    [{ pattern: 'x', enforce: 'true' }, /not true or false/],
    [{ pattern: '${config.absent}' }, /does not have \(shop:absent\)/],
    [{ providers: { aws: { mode: 'magic' } } }, /providers\.aws has an unknown mode/],
    [{ providers: { aws: { resources: { 'aws:a:B': {} } } } }, /resources\.aws:a:B has neither mode nor pattern/],
  ];
  for (const [value, message] of refused) {
    it(`is refused with its place: ${JSON.stringify(value)}`, () => {
      assert.throws(() => autonamerOf(config(value), scope), message);
    });
  }
});
