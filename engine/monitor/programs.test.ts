import assert from 'node:assert/strict';
import { after, afterEach, describe, it } from 'node:test';
import { Output, Secret } from '../../protocol/property-value.ts';
import { createNodeProgramHost } from '../language/node-program-host.ts';
import { type ProgramResult, ProgramStack, prelude } from './testing/program-stack.ts';

// One host for all, with warm processes: so they are tested by every program here.
const host = createNodeProgramHost({ warm: true });
after(() => host.close());
const stacks: ProgramStack[] = [];
afterEach(async () => {
  for (const stack of stacks.splice(0)) await stack.close();
});

function stackOf(program: string, files: Readonly<Record<string, string>> = {}): ProgramStack {
  const stack = new ProgramStack({ run: (run) => host.run(run), close: async () => {} });
  stacks.push(stack);
  return stack.write({ 'index.js': prelude + program, ...files });
}

function assertSucceeded(result: ProgramResult): void {
  assert.deepEqual({ errors: result.errors, result: result.result }, { errors: [], result: 'succeeded' });
}

const urn = (name: string, type = 'test:index:Thing') => `urn:pulumi:dev::project::${type}::${name}`;

describe('programs of the published SDK', () => {
  it('creates components, their children and the stack outputs, and finds nothing to do afterwards', async () => {
    const stack = stackOf(`
      const group = new Group('group', { size: 2 });
      const a = new Thing('a', { color: 'red' }, { parent: group });
      const b = new Thing('b', { from: a.made }, { parent: group });
      group.registerOutputs({ made: b.made });
      exports.made = b.made;
    `);
    const preview = await stack.preview();
    assertSucceeded(preview);
    assert.deepEqual(preview.steps, ['create group', 'create a', 'create b']);
    const update = await stack.up();
    assertSucceeded(update);
    assert.deepEqual(update.outputs, { made: 'b-1' });
    const group = stack.snapshot.resources.find(({ type }) => type === 'test:index:Group');
    assert.deepEqual([group?.inputs, group?.outputs], [{ size: 2 }, { made: 'b-1' }]);
    const again = await stack.up();
    assertSucceeded(again);
    assert.deepEqual(again.steps, []);
  });

  it('records where each resource is registered, and its timeouts, a read one among them', async () => {
    const stack = stackOf(`
      function make() { return new Thing('a', {}, { customTimeouts: { create: '1m', read: '2m' } }); }
      make();
    `);
    assertSucceeded(await stack.up());
    const a = stack.snapshot.resources.find((resource) => resource.urn === urn('a'));
    assert.match(a?.sourcePosition ?? '', /^project:\/\/\/index\.js#\d+,\d+$/);
    const frames = a?.stackTrace.map(({ sourcePosition = '' }) => sourcePosition) ?? [];
    assert.ok(frames.filter((frame) => frame.startsWith('project:///index.js#')).length >= 2, frames.join(' '));
    assert.deepEqual(a?.customTimeouts, { create: 60, update: 0, delete: 0, read: 120 });
    const reads: (number | undefined)[] = [];
    const read = stack.cloud.read.bind(stack.cloud);
    stack.cloud.read = (request) => {
      reads.push(request.timeout);
      return read(request);
    };
    await stack.up({ refresh: true });
    assert.deepEqual(reads, [120]);
  });

  it('tells a program whether something exists, without recording it', async () => {
    const stack = stackOf(`
      const { existsResource } = require('@pulumi/pulumi/runtime');
      exports.there = existsResource('test:index:Thing', 'a-7');
      exports.gone = existsResource('test:index:Thing', 'a-8', {}, { parent: new Group('group', {}) });
    `);
    stack.cloud.things.set('a-7', { type: 'test:index:Thing', urn: '', inputs: {} });
    for (const run of [() => stack.preview(), () => stack.up()]) {
      const result = await run();
      assertSucceeded(result);
      assert.deepEqual(result.outputs, { there: true, gone: false });
    }
    assert.deepEqual(
      stack.snapshot.resources.filter(({ custom, type }) => custom && !type.startsWith('pulumi:')),
      [],
    );
  });

  it('records what depends on what', async () => {
    const stack = stackOf(`
      const a = new Thing('a', {});
      const b = new Thing('b', { from: a.made, plain: 1 });
      new Thing('c', {}, { dependsOn: [b] });
    `);
    assertSucceeded(await stack.up());
    const [b, c] = ['b', 'c'].map((name) => stack.snapshot.resources.find((resource) => resource.urn === urn(name)));
    assert.deepEqual(b?.dependencies, [urn('a')]);
    assert.deepEqual(b?.propertyDependencies, { from: [urn('a')], plain: [] });
    assert.deepEqual(c?.dependencies, [urn('b')]);
  });

  it('keeps secrets secret from settings to the state', async () => {
    const stack = stackOf(`
      const config = new pulumi.Config();
      const a = new Thing('a', { password: config.requireSecret('password'), name: config.require('name') });
      exports.password = a.password;
      exports.derived = pulumi.interpolate\`x-\${config.requireSecret('password')}\`;
    `);
    stack.config = { 'project:password': 'hunter2', 'project:name': 'n' };
    stack.secretKeys = ['project:password'];
    const { outputs } = await stack.up();
    assert.deepEqual(stack.inputs('a'), { password: new Secret('hunter2'), name: 'n' });
    assert.deepEqual(outputs.derived, new Secret('x-hunter2'));
  });

  it('inherits protect, retainOnDelete, deletedWith and the providers of components', async () => {
    const stack = stackOf(`
      const provider = new Provider('mine', {});
      const other = new Thing('other', {});
      const group = new Group('group', {}, { protect: true, retainOnDelete: true, deletedWith: other, providers: { test: provider } });
      const inner = new Group('inner', {}, { parent: group });
      new Thing('a', {}, { parent: inner });
      new Thing('b', {}, { parent: inner, protect: false });
    `);
    assertSucceeded(await stack.up());
    const find = (name: string) => stack.snapshot.resources.find((resource) => resource.urn.endsWith(`::${name}`))!;
    const { protect, retainOnDelete, deletedWith, provider } = find('a');
    assert.deepEqual(
      { protect, retainOnDelete, deletedWith },
      { protect: true, retainOnDelete: true, deletedWith: urn('other') },
    );
    assert.match(provider, /^urn:pulumi:dev::project::pulumi:providers:test::mine::./);
    assert.equal(find('b').protect ?? false, false);
    assert.equal(find('inner').provider, '');
  });

  it('applies the transforms of a resource, its ancestors and the stack, in this order', async () => {
    const stack = stackOf(`
      const add = (text) => (args) => ({ props: { ...args.props, trace: (args.props.trace ?? '') + text }, opts: args.opts });
      pulumi.runtime.registerStackTransform((args) => args.type === 'test:index:Thing' ? add('s')(args) : undefined);
      const outer = new Group('outer', {}, { transforms: [add('o')] });
      const inner = new Group('inner', {}, { parent: outer, transforms: [add('i')] });
      const first = new Thing('first', {});
      new Thing('a', { from: first.made }, {
        parent: inner,
        transforms: [add('a'), (args) => ({ props: { ...args.props, more: first.made }, opts: { ...args.opts, protect: true } })],
      });
    `);
    assertSucceeded(await stack.up());
    const a = stack.snapshot.resources.find((resource) => resource.urn.endsWith('::a'))!;
    assert.deepEqual(a.inputs, { from: 'first-1', trace: 'aios', more: 'first-1' });
    assert.equal(a.protect, true);
    assert.deepEqual(a.dependencies, [urn('first')]);
    // The SDK hands properties back from a transform without what they depend on: only the whole knows it.
    assert.deepEqual(a.propertyDependencies, { from: [], more: [], trace: [] });
  });

  it('fails an update whose transform throws', async () => {
    const stack = stackOf(`new Thing('a', {}, { transforms: [() => { throw new Error('no such colour'); }] });`);
    const result = await stack.up();
    assert.equal(result.result, 'failed');
    assert.match(result.errors.join('\n'), /no such colour/);
    assert.deepEqual(stack.cloud.calls, []);
  });

  it('answers invokes, applies their transforms, reports their failures', async () => {
    const stack = stackOf(`
      pulumi.runtime.registerInvokeTransform(({ args, opts }) => ({ args: { ...args, added: true }, opts }));
      exports.echo = pulumi.runtime.invokeOutput('test:index:echo', { a: [1, { b: null }], s: pulumi.secret('x') }).apply((result) => result.echo);
    `);
    const { outputs } = await stack.up();
    assert.deepEqual(outputs.echo, new Secret({ a: [1, { b: null }], s: 'x', added: true }));
    const failing = stackOf(`pulumi.runtime.invoke('test:index:echo', { fail: true });`);
    const result = await failing.up();
    assert.equal(result.result, 'failed');
    assert.match(result.errors.join('\n'), /must not be true/);
  });

  it('does not call a function before what it depends on exists', async () => {
    const stack = stackOf(`
      const group = new Group('group', {});
      new Thing('a', {}, { parent: group });
      exports.echo = pulumi.runtime.invokeOutput('test:index:echo', { now: 1 }, { dependsOn: [group] }).apply((result) => result.echo.now);
    `);
    const preview = await stack.preview();
    assertSucceeded(preview);
    assert.deepEqual(stack.cloud.invokes, []);
    assert.deepEqual((await stack.up()).outputs, { echo: 1 });
    assert.equal(stack.cloud.invokes.length, 1);
  });

  it('reads resources that it does not manage', async () => {
    const stack = stackOf(`exports.color = new Thing('found', {}, { id: 'found-1' }).color;`);
    stack.cloud.things.set('found-1', { type: 'test:index:Thing', urn: '', inputs: { color: 'blue' } });
    const result = await stack.up();
    assertSucceeded(result);
    assert.deepEqual(stack.cloud.calls, ['read found']);
    const found = stack.snapshot.resources.find((resource) => resource.urn === urn('found'));
    assert.deepEqual([found?.external, found?.outputs.color], [true, 'blue']);
  });

  it('follows a renamed resource by its alias', async () => {
    const stack = stackOf(`new Thing('old', { x: 1 });`);
    await stack.up();
    stack.write({
      'index.js': `${prelude} const g = new Group('g', {}); new Thing('new', { x: 1 }, { parent: g, aliases: [{ name: 'old', parent: pulumi.rootStackResource }] });`,
    });
    const result = await stack.up();
    assertSucceeded(result);
    assert.deepEqual(result.steps, ['create g']);
    assert.deepEqual(stack.cloud.calls, ['create old']);
  });

  it('runs hooks before and after their operations, and retries by error hooks', async () => {
    const stack = stackOf(`
      const told = (name) => new pulumi.ResourceHook(name, (args) => { console.log(name + ' ' + args.name + ' ' + JSON.stringify(args.newInputs ?? null)); });
      const [before, after] = [told('before'), told('after')];
      const again = new pulumi.ErrorHook('again', (args) => { console.log('again ' + args.failedOperation); return true; });
      new Thing('a', { color: 'red' }, { hooks: { beforeCreate: [before], afterCreate: [after], onError: [again] } });
    `);
    stack.cloud.failures.set('create a', { kind: 'clean' });
    const result = await stack.up();
    assertSucceeded(result);
    assert.deepEqual(result.output, ['before a {"color":"red"}', 'again create', 'after a {"color":"red"}']);
    assert.deepEqual(stack.cloud.calls, ['create a', 'create a']);
  });

  it('keeps the program alive for delete hooks until every delete has run', async () => {
    const program = (rest: string) => `${prelude}
      const gone = new pulumi.ResourceHook('gone', (args) => { console.log('gone ' + args.name); });
      ${rest}`;
    const stack = stackOf('');
    stack.write({ 'index.js': program(`new Thing('a', {}, { hooks: { afterDelete: [gone] } });`) });
    await stack.up();
    stack.write({ 'index.js': program('') });
    const result = await stack.up();
    assertSucceeded(result);
    assert.deepEqual(result.steps, ['delete a']);
    assert.deepEqual(result.output, ['gone a']);
  });

  it('gives explicit providers version and settings, and resources their reference', async () => {
    const stack = stackOf(`
      const provider = new Provider('mine', { region: 'here' }, { version: '1.2.3', pluginDownloadURL: 'https://example.org' });
      new Thing('a', {}, { provider });
    `);
    assertSucceeded(await stack.up());
    const inputs = stack.inputs('mine');
    assert.deepEqual(inputs, {
      region: 'here',
      version: '1.2.3',
      __internal: { pluginDownloadURL: 'https://example.org' },
    });
  });

  it('passes resources by reference and gives back what they are', async () => {
    const stack = stackOf(`
      const a = new Thing('a', { color: 'red' });
      const b = new Thing('b', { other: a });
      exports.color = b.other.apply((other) => other.urn ?? other);
    `);
    const result = await stack.up();
    assertSucceeded(result);
    assert.equal(
      JSON.stringify(stack.inputs('b')),
      JSON.stringify({ other: { urn: urn('a'), id: 'a-1', packageVersion: '' } }),
    );
  });

  it('leaves unknown what a preview cannot know', async () => {
    const stack = stackOf(`
      const a = new Thing('a', {});
      exports.known = 1;
      exports.unknown = a.made;
      a.made.apply(() => console.log('applied'));
    `);
    const preview = await stack.preview();
    assert.deepEqual(preview.output, []);
    assert.equal(preview.outputs.known, 1);
    assert.ok(!(preview.outputs.unknown instanceof Output));
    assert.deepEqual((await stack.up()).output, ['applied']);
  });

  it('refuses a duplicate URN and a Pulumi version that it is not', async () => {
    const twice = await stackOf(`new Thing('a', {}); new Thing('a', {});`).up();
    assert.equal(twice.result, 'failed');
    assert.match(twice.errors.join('\n'), /Duplicate resource URN/);
    const old = await stackOf(
      `module.exports = async () => { await pulumi.runtime.requirePulumiVersion('<3.0.0'); };`,
    ).up();
    assert.equal(old.result, 'failed');
    assert.match(old.errors.join('\n'), /does not satisfy the version range "<3.0.0"/);
  });
});
