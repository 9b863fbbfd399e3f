import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse } from 'yaml';
import { Secret } from '../../protocol/property-value.ts';
import { configMap, types, widgetDefinition } from './manifests.ts';
import { ScriptedEngine } from './scripted-engine.ts';

describe('renderYamlToDirectory', () => {
  let folder: string;
  let engine: ScriptedEngine;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mainstay-render-'));
    engine = await ScriptedEngine.start({ renderYamlToDirectory: './out' }, { HOME: folder }, folder);
  });

  after(async () => {
    await engine.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('writes, changes and removes files and needs no cluster', async () => {
    const preview = await engine.create(types.configMap, 'map', configMap('n', { a: '1' }, { name: 'map' }), {
      preview: true,
    });
    assert.equal(preview.id, '');
    await assert.rejects(readdir(join(folder, 'out')), { code: 'ENOENT' });
    const made = await engine.create(types.configMap, 'map', configMap('n', { a: '1' }, { name: 'map' }));
    const path = join(folder, 'out/1-manifest/v1-configmap-n-map.yaml');
    assert.deepEqual(parse(await readFile(path, 'utf8')).data, { a: '1' });
    assert.equal((await engine.refresh(made))?.id, 'n/map');
    const changed = await engine.update(made, configMap('n', { a: '2' }, { name: 'map' }));
    assert.deepEqual(parse(await readFile(path, 'utf8')).data, { a: '2' });
    await engine.delete(changed);
    assert.deepEqual(await readdir(join(folder, 'out/1-manifest')), []);
  });

  it('puts definitions into a folder of their own', async () => {
    await engine.create(types.definition, 'widgets', widgetDefinition('g.io'));
    assert.deepEqual(await readdir(join(folder, 'out/0-crd')), [
      'apiextensions.k8s.io_v1-customresourcedefinition-default-widgets.g.io.yaml',
    ]);
  });

  it('says that a secret is in the clear there', async () => {
    await engine.create(types.configMap, 'hidden', configMap('n', { a: new Secret('quiet') }, { name: 'hidden' }));
    assert.ok(
      engine.messages.some(
        ({ severity, message }) => severity === 'warning' && /holds a secret value in the clear/.test(message),
      ),
    );
    assert.ok(!engine.messages.some(({ message }) => message.includes('quiet')));
  });
});
