import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createProviderAsAsked } from './provider-as-asked.ts';

const folder = mkdtempSync(join(tmpdir(), 'mainstay-as-asked-'));
writeFileSync(join(folder, 'Pulumi.yaml'), 'name: shop\nruntime: nodejs\n');
writeFileSync(join(folder, 'Pulumi.play.yaml'), 'config:\n  mainstay:sandbox: true\n');
writeFileSync(join(folder, 'Pulumi.some.yaml'), 'config:\n  mainstay:sandbox: [kubernetes]\n');
writeFileSync(join(folder, 'Pulumi.real.yaml'), 'config: {}\n');
after(() => rmSync(folder, { recursive: true, force: true }));

/** What the provider of a package says when it is configured for a stack. */
async function configured(
  packageName: string,
  stack: string,
): Promise<{ readonly said: string; readonly failure?: string }> {
  const said: string[] = [];
  const provider = createProviderAsAsked({
    ...{ package: packageName, version: '', project: 'shop', stack: '', organization: 'organization' },
    rootDirectory: folder,
    environment: { MAINSTAY_SANDBOX: join(folder, 'world.sqlite'), AWS_REGION: 'eu-central-1', HOME: folder },
    log: ({ message }) => said.push(message),
  });
  const type = `pulumi:providers:${packageName}`;
  const identity = { urn: `urn:pulumi:${stack}::shop::${type}::default`, name: 'default', type };
  try {
    const { inputs } = await provider.checkConfig!({ ...identity, olds: {}, news: {} });
    await provider.configure({ ...identity, id: 'a', inputs });
    return { said: said.join('\n') };
  } catch (error) {
    return { said: said.join('\n'), failure: (error as Error).message };
  } finally {
    await provider.close();
  }
}

test('is the sandbox for a stack that asks for it, and says so', async () => {
  assert.match((await configured('kubernetes', 'play')).said, /package kubernetes is served by the sandbox/);
  assert.match((await configured('random', 'play')).said, /package random is served by the sandbox/);
  assert.match((await configured('kubernetes', 'some')).said, /served by the sandbox/);
});

test('is never the sandbox for a stack that does not ask for it, or not for this package', async () => {
  for (const [packageName, stack] of [
    ['kubernetes', 'real'],
    ['aws', 'real'],
    ['aws', 'some'],
  ] as const)
    assert.doesNotMatch((await configured(packageName, stack)).said, /sandbox/);
});

test('refuses a package that it cannot serve for real', async () => {
  const { failure } = await configured('random', 'real');
  assert.match(failure!, /Cannot serve random as the settings of stack real do not ask for the sandbox/);
});

test('serves nothing before it knows whose it is', async () => {
  const provider = createProviderAsAsked({
    ...{ package: 'aws', version: '', project: 'shop', stack: '', organization: 'organization' },
    ...{ rootDirectory: folder, environment: {}, log: () => {} },
  });
  await assert.rejects(
    provider.invoke({ token: 'aws:index/getRegion:getRegion', args: {} } as never),
    /before it is configured/,
  );
  await provider.close();
});
