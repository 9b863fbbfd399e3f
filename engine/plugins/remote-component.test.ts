import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Client, status } from '@grpc/grpc-js';
import { callMethod } from '../../protocol/grpc-call.ts';
import { Secret } from '../../protocol/property-value.ts';
import type { EngineEvent } from '../deploy/events.ts';
import { monitorMethods } from '../monitor/monitor-messages.ts';
import { common, deployOnPlugins } from './testing/plugin-deployment.ts';

const folder = fileURLToPath(new URL('./fixtures/component-plugin', import.meta.url));

function deploy(test: TestContext, preview: boolean, program: (client: Client) => Promise<void>) {
  return deployOnPlugins(test, {
    preview,
    program,
    prepare: async (bench) => {
      await bench.addPlugin('echo');
      return { projectPlugins: [{ name: 'group', path: folder, version: '' }] };
    },
  });
}

async function registerGroup(client: Client) {
  const root = { type: 'pulumi:pulumi:Stack', name: 'proj-dev', ...common };
  const { urn: parent } = await callMethod(client, monitorMethods.registerResource, root);
  const component = {
    type: 'group:index:Group',
    name: 'g',
    remote: true,
    parent,
    object: { label: new Secret('moon') },
  };
  return callMethod(client, monitorMethods.registerResource, { ...common, ...component });
}

describe('a remote component', () => {
  for (const preview of [true, false]) {
    it(`is made by its provider, with its children, in ${preview ? 'a preview' : 'an update'}`, async (test) => {
      let group: Awaited<ReturnType<typeof registerGroup>> | undefined;
      const { result, events } = await deploy(test, preview, async (client) => {
        group = await registerGroup(client);
      });
      assert.equal(result.result, 'succeeded', JSON.stringify(events.filter(({ kind }) => kind === 'diagnostic')));
      assert.equal(group?.urn, 'urn:pulumi:dev::proj::group:index:Group::g');
      assert.deepEqual(group.object?.greeting, new Secret('hello moon'));
      const made = result.resources.filter(({ type }) => !type.startsWith('pulumi:'));
      assert.deepEqual(made.map(({ urn, custom }) => [urn.split('::').slice(2).join('::'), custom]).sort(), [
        ['group:index:Group$echo:index:Thing::g-0', true],
        ['group:index:Group$echo:index:Thing::g-1', true],
        ['group:index:Group::g', false],
      ]);
      const [child] = made.filter(({ custom }) => custom);
      assert.deepEqual(child?.inputs.label, new Secret('moon'));
      assert.equal(child?.id, preview ? '' : 'id-g-0');
    });
  }

  it('has methods', async (test) => {
    let answer: unknown;
    await deploy(test, false, async (client) => {
      await registerGroup(client);
      const request = { tok: 'group:index:Group/shout', args: { word: 'hey' } };
      answer = (await callMethod(client, monitorMethods.call, request)).return;
    });
    assert.deepEqual(answer, { text: 'hey!', stack: 'dev' });
  });

  it('that fails ends the deployment with what its provider says, whatever the program makes of it', async (test) => {
    const { result, events } = await deploy(test, false, async (client) => {
      const request = { ...common, type: 'group:index:Nothing', name: 'n', remote: true };
      const call = callMethod(client, monitorMethods.registerResource, request);
      await assert.rejects(call, { code: status.UNAVAILABLE });
    });
    assert.equal(result.result, 'failed');
    assert.deepEqual(errorsOf(events), [
      "group:index:Nothing resource 'n' has a problem: unknown component group:index:Nothing",
      'update failed',
    ]);
  });

  it('names the inputs that its provider does not take, and no secret', async (test) => {
    for (const [size, shown] of [
      [[3], "'{3}'"],
      [new Secret([3]), "'[secret]'"],
    ] as const) {
      const { events } = await deploy(test, true, async (client) => {
        const request = { ...common, type: 'group:index:Group', name: 'g', remote: true, object: { size } };
        await assert.rejects(callMethod(client, monitorMethods.registerResource, request));
      });
      const text = `it has no label\n\t\t- property size[0] with value ${shown} has a problem: says nothing`;
      assert.equal(errorsOf(events)[0], `group:index:Group resource 'g' has a problem: ${text}`);
    }
  });

  it('whose method fails ends the deployment as well', async (test) => {
    const { result, events } = await deploy(test, false, async (client) => {
      const call = callMethod(client, monitorMethods.call, { tok: 'group:index:Group/whisper', args: {} });
      await assert.rejects(call, { code: status.UNAVAILABLE });
    });
    assert.equal(result.result, 'failed');
    assert.match(errorsOf(events)[0] ?? '', /^call to function 'group:index:Group\/whisper' failed: .*unknown method/s);
  });
});

function errorsOf(events: readonly EngineEvent[]): string[] {
  return events.flatMap((event) =>
    event.kind === 'diagnostic' && event.diagnostic.severity === 'error' ? [event.diagnostic.message] : [],
  );
}
