import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstalledSdk } from '../language/required-packages.ts';
import { defaultPackages } from './default-packages.ts';

const sdk = (name: string, version: string, rest: Partial<InstalledSdk> = {}): InstalledSdk => ({
  name,
  version,
  downloadUrl: '',
  file: `/node_modules/${name}/package.json`,
  ...rest,
});
const provider = (name: string, inputs: Record<string, string | Record<string, string>>) => ({
  type: `pulumi:providers:${name}`,
  inputs,
});
const versions = (packages: ReturnType<typeof defaultPackages>) =>
  Object.fromEntries([...packages].map(([name, { version }]) => [name, version]));

test('the newest SDK of a package counts, by the rules of versions', () => {
  const sdks = [
    sdk('aws', '7.10.0'),
    sdk('aws', 'v7.9.0'),
    sdk('gcp', 'v2.0'),
    sdk('tls', '1.0.0-rc.1'),
    sdk('tls', '1.0.0'),
  ];
  assert.deepEqual(versions(defaultPackages({ sdks, resources: [] })), { gcp: '2.0.0', tls: '1.0.0', aws: '7.10.0' });
});

test('the state counts only where the program has no SDK', () => {
  const resources = [
    provider('aws', { version: '6.0.0', __internal: { pluginDownloadURL: 'https://x' } }),
    provider('aws', { version: '6.2.0' }),
    provider('aws', { version: '6.2.0', __internal: { pluginDownloadURL: 'https://y' } }),
    provider('aws', {}),
  ];
  const fromState = defaultPackages({ sdks: [], resources });
  assert.deepEqual(fromState.get('aws')?.version, '6.2.0');
  assert.equal(fromState.get('aws')?.pluginDownloadURL, '');
  assert.deepEqual(versions(defaultPackages({ sdks: [sdk('gcp', '1.0.0')], resources })), { gcp: '1.0.0' });
});

test('a package with parameters has its own name, and needs the plugin that takes them', () => {
  const parameterization = { name: 'random', version: '3.5.1', value: 'eyJhIjoxfQ==' };
  const packages = defaultPackages({ sdks: [sdk('terraform', '0.9.0', { parameterization })], resources: [] });
  assert.deepEqual([...packages.keys()], ['random']);
  const { package: plugin, version, parameterization: parameter } = packages.get('random')!;
  assert.deepEqual([plugin, version, parameter?.version], ['terraform', '0.9.0', '3.5.1']);
  assert.equal(Buffer.from(parameter!.value).toString(), '{"a":1}');
});

test('two plugins for one package are an error that names both, and so is a version that is none', () => {
  const parameterization = { name: 'random', version: '3.5.1', value: '' };
  const two = [sdk('random', '4.0.0'), sdk('terraform', '0.9.0', { parameterization })];
  assert.throws(
    () => defaultPackages({ sdks: two, resources: [] }),
    /package random .*terraform v0\.9\.0 with the parameters of random and random v4\.0\.0/,
  );
  assert.throws(() => defaultPackages({ sdks: [sdk('aws', 'newest')], resources: [] }), /"newest"/);
});
