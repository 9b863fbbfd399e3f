import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isMainstayError } from '../../foundation/errors.ts';
import { type PropertyMap, Secret, Unknown } from '../../protocol/property-value.ts';
import type { AnalyzedResource, AnalyzedStackResource } from '../deploy/resource-analyzer.ts';
import { loadPolicyPack, type PolicyPack, type PolicyPackOptions } from './load-policy-pack.ts';

const houseRules = fileURLToPath(new URL('./fixtures/pack', import.meta.url));

async function load(test: TestContext, options: Partial<PolicyPackOptions> = {}, config?: unknown) {
  const directory = await mkdtemp(join(tmpdir(), 'mainstay-policy-'));
  test.after(() => rm(directory, { recursive: true, force: true }));
  const configFile = config === undefined ? undefined : join(directory, 'config.json');
  if (configFile !== undefined)
    await writeFile(configFile, typeof config === 'string' ? config : JSON.stringify(config));
  const pack = await start({ configFile, ...options });
  test.after(() => pack.close());
  return pack;
}

function start(options: Partial<PolicyPackOptions>): Promise<PolicyPack> {
  return loadPolicyPack({
    path: houseRules,
    project: 'proj',
    stack: 'dev',
    organization: 'organization',
    dryRun: true,
    config: { 'proj:owner': 'me' },
    configSecretKeys: [],
    environment: { PATH: process.env.PATH },
    log: () => {},
    ...options,
  });
}

const thing = (name: string, properties: PropertyMap): AnalyzedResource => ({
  urn: `urn:pulumi:dev::proj::demo:index:Thing::${name}`,
  type: 'demo:index:Thing',
  name,
  properties,
  options: {
    protect: false,
    ignoreChanges: [],
    deleteBeforeReplace: undefined,
    additionalSecretOutputs: [],
    aliases: [],
    customTimeouts: undefined,
    parent: '',
  },
  provider: {
    urn: 'urn:p',
    type: 'pulumi:providers:demo',
    name: 'default',
    properties: { __internal: {}, region: 'eu' },
  },
});

const origin = { policyPackName: 'house-rules', policyPackVersion: '4.5.6', urn: '' };

describe('a policy pack', () => {
  // Starting one takes half a second: the tests that configure nothing share it.
  let pack: PolicyPack;
  before(async () => {
    pack = await start({ configFile: undefined });
  });
  after(() => pack.close());

  it('reports violations with their levels, and knows stack and settings', async () => {
    assert.deepEqual([pack.name, pack.version], ['house-rules', '4.5.6']);
    const violations = await pack.analyze(thing('a', { colour: 'red', size: new Secret(11), owner: 'x' }));
    assert.deepEqual(violations, [
      {
        ...origin,
        policyName: 'not-red',
        description: 'Nothing is red',
        message: 'Nothing is red\na is red in dev of me',
        enforcementLevel: 'advisory',
      },
      {
        ...origin,
        policyName: 'small',
        description: 'Things are small',
        message: 'Things are small\n11 is more than 10',
        enforcementLevel: 'mandatory',
      },
    ]);
    assert.deepEqual(await pack.analyze(thing('b', { size: 1 })), []);
  });

  it('remedies, and keeps secrets marked while it does', async () => {
    const remedies = await pack.remediate(thing('a', { token: new Secret('t') }));
    assert.deepEqual(
      remedies.map(({ policyName, properties, diagnostic }) => ({ policyName, properties, diagnostic })),
      [{ policyName: 'owned', properties: { token: new Secret('t'), owner: 'nobody' }, diagnostic: '' }],
    );
    assert.deepEqual(await pack.remediate(thing('a', { owner: 'me' })), []);
  });

  it('notes that a rule could not be applied to what is not known yet', async () => {
    const violations = await pack.analyze(thing('a', { size: new Unknown('number') }));
    assert.deepEqual(
      violations.map(({ policyName, enforcementLevel }) => [policyName, enforcementLevel]),
      [['small', 'advisory']],
    );
    assert.match(violations[0]!.message, /can't run policy 'small' from policy pack .* during preview/);
  });

  it('judges the stack as a whole', async () => {
    const stack = {
      ...thing('s', {}),
      urn: 'urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev',
      type: 'pulumi:pulumi:Stack',
      name: 'proj-dev',
    };
    const inStack = (resource: AnalyzedResource, parent = stack.urn): AnalyzedStackResource => ({
      ...resource,
      parent,
      dependencies: [],
      propertyDependencies: {},
    });
    const [first, second] = [thing('a', {}), thing('b', {})];
    assert.deepEqual(await pack.analyzeStack([inStack(stack, ''), inStack(first)]), []);
    const violations = await pack.analyzeStack([inStack(stack, ''), inStack(first), inStack(second)]);
    assert.deepEqual(
      violations.map(({ message, urn, enforcementLevel }) => ({ message, urn, enforcementLevel })),
      [
        {
          message: 'Stacks are small\n2 things, parents: proj-dev,proj-dev',
          urn: second.urn,
          enforcementLevel: 'mandatory',
        },
      ],
    );
  });

  it('is configured by a file: levels, settings, all', async (test) => {
    const config = { all: 'mandatory', small: { enforcementLevel: 'advisory', maximum: 2 }, sturdy: 'disabled' };
    const pack = await load(test, {}, config);
    const violations = await pack.analyze(thing('a', { colour: 'red', size: 3 }));
    assert.deepEqual(
      violations.map(({ policyName, enforcementLevel }) => [policyName, enforcementLevel]),
      [
        ['not-red', 'mandatory'],
        ['small', 'advisory'],
      ],
    );
  });

  it('says how it ended when it falls over', async (test) => {
    const pack = await load(test, {}, { sturdy: 'mandatory' });
    await assert.rejects(pack.analyze(thing('a', {})), {
      message: 'The policy pack house-rules ended during the call: exit code 9. It wrote:\nwhat a pity',
    });
  });

  const wrong: readonly (readonly [string, unknown, RegExp])[] = [
    [
      'a setting of the wrong type',
      { small: { maximum: 'big' } },
      /configuration of the policy pack house-rules as it is not valid: small: maximum must be number\.$/,
    ],
    [
      'a level that does not exist',
      { small: 'fatal' },
      /config\.json Cannot configure the policy "small" as the level is none of .*: "fatal"/,
    ],
    ['what is not JSON', '{', /config\.json Cannot read the configuration of a policy pack as it is not JSON/],
    ['environments of the service', { environments: ['e'] }, /environments of Pulumi Cloud are not supported/],
  ];
  for (const [name, config, message] of wrong) {
    it(`refuses a configuration with ${name}`, async (test) => {
      await assert.rejects(load(test, {}, config), (error: Error) => {
        assert.match(error.message, message);
        return isMainstayError(error, 'user');
      });
    });
  }

  it('must be there, say its runtime, and be one that we can run', async (test) => {
    const directory = await mkdtemp(join(tmpdir(), 'mainstay-policy-'));
    test.after(() => rm(directory, { recursive: true, force: true }));
    const path = join(directory, 'pack');
    await assert.rejects(load(test, { path }), /there is nothing at its path: .*pack\. Correct --policy-pack/);
    await mkdir(path);
    await assert.rejects(load(test, { path }), /there is no PulumiPolicy\.yaml in it/);
    const write = (text: string) => writeFile(join(path, 'PulumiPolicy.yaml'), text);
    await write('runtime: [nodejs\n');
    await assert.rejects(
      load(test, { path }),
      /PulumiPolicy\.yaml:\d+:\d+ Cannot read the policy pack as it is not YAML/,
    );
    await write('description: x\n');
    await assert.rejects(load(test, { path }), /does not say its 'runtime'/);
    await write('runtime: python\n');
    await assert.rejects(load(test, { path }), /runs packs of the runtime nodejs only: "python"/);
    await write('runtime: {name: nodejs}\n');
    await assert.rejects(load(test, { path }), /it has no @pulumi\/pulumi: .*npm install/);
  });
});
