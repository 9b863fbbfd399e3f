import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkConfiguration, readConfiguration } from './configuration.ts';
import { asSeconds } from './credentials.ts';
import type { PlainMap } from './definition.ts';

const good = { region: 'eu-west-1', accessKey: 'key', secretKey: 'secret' };

describe('the settings of the aws provider', () => {
  for (const [what, settings, property, reason] of [
    [
      'an unknown setting',
      { ...good, regionn: 'x' },
      'regionn',
      /does not know the setting "regionn"\. Use the official/,
    ],
    ['half a key', { region: 'eu-west-1', accessKey: 'key' }, 'accessKey', /given together or not at all/],
    [
      'no region',
      { accessKey: 'key', secretKey: 'secret' },
      'region',
      /no region is set\. Run `pulumi config set aws:region/,
    ],
    ['a misspelt region', { ...good, region: 'eu-wset-1' }, 'region', /there is no such region: eu-wset-1/],
    [
      'an endpoint of no service',
      { ...good, endpoints: '[{"ec3":"http://x"}]' },
      'endpoints',
      /calls no service "ec3"/,
    ],
    ['a role without an ARN', { ...good, assumeRoles: '[{}]' }, 'assumeRoles', /has no roleArn/],
    [
      'a wrong duration',
      { ...good, assumeRoles: '[{"roleArn":"a","duration":"1 day"}]' },
      'assumeRoles',
      /1 day.*1h30m/,
    ],
    ['a wrong retry mode', { ...good, retryMode: 'often' }, 'retryMode', /standard or adaptive, not often/],
  ] as const) {
    it(`refuse ${what}`, () => {
      const failures = checkConfiguration(settings as PlainMap, {});
      assert.deepEqual(
        failures.map((one) => one.property),
        [property],
      );
      assert.match(failures[0]!.reason, reason);
    });
  }

  it('are taken as the official provider takes them', () => {
    const skips = { skipCredentialsValidation: 'true', skipMetadataApiCheck: 'true', skipRequestingAccountId: 'true' };
    assert.deepEqual(checkConfiguration({ ...good, ...skips }, {}), []);
    assert.deepEqual(checkConfiguration({ ...good, region: 'xx-new-1', skipRegionValidation: 'true' }, {}), []);
    assert.deepEqual(checkConfiguration({}, { AWS_REGION: 'us-gov-east-1' }), []);
    assert.deepEqual(
      [asSeconds('1h30m'), asSeconds('900s'), asSeconds('soon'), asSeconds('')],
      [5400, 900, undefined, undefined],
    );
  });

  it('come from the environment where they are not set', async () => {
    const environment = {
      AWS_DEFAULT_REGION: 'eu-north-1',
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'hidden',
      AWS_SESSION_TOKEN: 'token',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:5000',
      AWS_ENDPOINT_URL_S3: 'https://s3.example',
    };
    const read = await readConfiguration({}, environment);
    assert.equal(read.region, 'eu-north-1');
    assert.deepEqual([read.endpoints.ec2, read.endpoints.s3], ['http://127.0.0.1:5000', 'https://s3.example']);
    assert.deepEqual(await read.credentials!(), {
      accessKeyId: 'id',
      secretAccessKey: 'hidden',
      sessionToken: 'token',
    });
    const set = await readConfiguration({ ...good, endpoints: '[{"ec2":"http://own"}]' }, environment);
    assert.deepEqual(
      [set.region, set.endpoints.ec2, set.endpoints.iam],
      ['eu-west-1', 'http://own', 'http://127.0.0.1:5000'],
    );
    assert.deepEqual(await set.credentials!(), { accessKeyId: 'key', secretAccessKey: 'secret' });
  });

  it('have the defaults of the official provider', async () => {
    const read = await readConfiguration(good, {});
    const { retryMode, s3UsePathStyle, useFipsEndpoint, useDualstackEndpoint, defaultTags } = read;
    assert.deepEqual(
      { retryMode, s3UsePathStyle, useFipsEndpoint, useDualstackEndpoint, defaultTags },
      {
        retryMode: 'standard',
        s3UsePathStyle: false,
        useFipsEndpoint: false,
        useDualstackEndpoint: false,
        defaultTags: {},
      },
    );
  });
});
