import assert from 'node:assert/strict';
import { test } from 'node:test';
import { npmEnvironment, repositoryNpmrc } from './npm-settings.ts';

test('shows npm no secret of ours, as a .npmrc could send it anywhere', () => {
  const ours = { GITEA_TOKEN: 'a', PULUMI_CONFIG_PASSPHRASE: 'b', DATABASE_URL: 'c', AWS_SECRET_ACCESS_KEY: 'd' };
  const needed = { PATH: '/bin', HOME: '/root', npm_config_registry: 'e', HTTPS_PROXY: 'f' };
  assert.deepEqual(npmEnvironment({ ...ours, ...needed }), needed);
});

test('takes of a .npmrc where packages come from, and nothing that runs, is trusted or is written', () => {
  const taken = [
    'registry=https://packages.invalid/',
    '@acme:registry = https://acme.invalid/',
    '//acme.invalid/:_authToken=written-here',
  ];
  const left = [
    ...[
      '; a comment',
      '# another',
      '',
      'git=./evil',
      'script-shell=./evil',
      'node-options=--require=./evil.js',
      'ignore-scripts=false',
    ],
    ...[
      'cafile=ca.pem',
      'strict-ssl=false',
      'proxy=http://evil.invalid',
      'https-proxy=http://evil.invalid',
      'cache=/etc',
      'prefix=/etc',
    ],
    ...[
      'userconfig=/root/.npmrc',
      'globalconfig=/root/.npmrc',
      `//acme.invalid/:_authToken=\${NPM_TOKEN}`,
      '//acme.invalid/:certfile=/etc/x',
    ],
  ];
  assert.equal(repositoryNpmrc('.npmrc', [...left, ...taken, ...left].join('\n')), `${taken.join('\n')}\n`);
  assert.equal(repositoryNpmrc('.npmrc', left.join('\r\n')), '');
});
