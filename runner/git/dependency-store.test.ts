import assert from 'node:assert/strict';
import { test } from 'node:test';
import { npmEnvironment } from './dependency-store.ts';

test('shows npm no secret of ours, as a .npmrc could send it anywhere', () => {
  const ours = { GITEA_TOKEN: 'a', PULUMI_CONFIG_PASSPHRASE: 'b', DATABASE_URL: 'c', AWS_SECRET_ACCESS_KEY: 'd' };
  const needed = { PATH: '/bin', HOME: '/root', npm_config_registry: 'e', HTTPS_PROXY: 'f' };
  assert.deepEqual(npmEnvironment({ ...ours, ...needed }), needed);
});
