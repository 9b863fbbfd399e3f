import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { engineVersion } from '../version.ts';
import { refuseNewerSdk } from './check-sdk-level.ts';

async function withSdk(version: string, work: (directory: string) => void): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'mainstay-sdk-'));
  const sdk = join(directory, 'node_modules/@pulumi/pulumi');
  await mkdir(join(sdk, 'cmd/run'), { recursive: true });
  await writeFile(join(sdk, 'package.json'), JSON.stringify({ name: '@pulumi/pulumi', version, main: 'index.js' }));
  await writeFile(join(sdk, 'index.js'), '');
  await writeFile(join(sdk, 'cmd/run/index.js'), '');
  try {
    work(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

test('an SDK of a newer minor version is refused, naming both versions and the official CLI', () =>
  withSdk('3.999.1', (directory) => {
    assert.throws(
      () => refuseNewerSdk(directory),
      (error: Error) =>
        error.message.includes('3.999.1') &&
        error.message.includes(engineVersion) &&
        /official Pulumi CLI/.test(error.message),
    );
  }));

for (const version of [engineVersion, '3.200.0', `${engineVersion.replace(/\d+$/, '')}99`])
  test(`version ${version} is served`, () => withSdk(version, (directory) => refuseNewerSdk(directory)));
