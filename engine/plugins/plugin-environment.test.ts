import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pluginEnvironment } from './plugin-environment.ts';

const environment = {
  AWS_PROFILE: 'dev',
  MAINSTAY_DATA: '/data',
  MAINSTAY_SANDBOX: '/tmp/world.sqlite',
  PULUMI_ACCESS_TOKEN: 'pul-secret',
  PULUMI_BACKEND_URL: 'file:///state',
  PULUMI_CONFIG_PASSPHRASE: 'secret',
  UNSET: undefined,
};

test('gives a provider its credentials, and none of the engine’s own secrets or settings', () => {
  assert.deepEqual(pluginEnvironment(environment, 'aws', {}), {
    AWS_PROFILE: 'dev',
    MAINSTAY_SANDBOX: '/tmp/world.sqlite',
  });
});

test('gives the access token only to the provider of Pulumi Cloud', () => {
  assert.equal(pluginEnvironment(environment, 'pulumiservice', {}).PULUMI_ACCESS_TOKEN, 'pul-secret');
});

test('lets what the engine adds win', () => {
  assert.equal(pluginEnvironment(environment, 'aws', { AWS_PROFILE: 'prod' }).AWS_PROFILE, 'prod');
});
