import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { resources } from '../../aws/resources/all.ts';
import { loadSdkFacts } from '../facts/sdk-facts.ts';
import { replacingInputs, replacingPaths } from './aws-replacements.ts';

const facts = loadSdkFacts('aws', join(dirname(fileURLToPath(import.meta.url)), '../../..'));

/** Where the sandbox deliberately says another thing than the provider for the real cloud does: both are true of some versions. */
const DIFFERENT: ReadonlySet<string> = new Set([
  'aws:ec2/vpc:Vpc instanceTenancy',
  'aws:ec2/subnet:Subnet ipv6CidrBlock',
  'aws:ec2/routeTableAssociation:RouteTableAssociation routeTableId',
  'aws:iam/openIdConnectProvider:OpenIdConnectProvider clientIdLists',
]);

describe('what makes a new resource', () => {
  it('is the same in the sandbox as in the provider for real accounts, type by type', () => {
    assert.ok(resources.size > 40);
    for (const [type, { properties }] of resources) {
      const sandbox = new Set(replacingInputs(type, facts));
      for (const [name, { replaces, output }] of Object.entries(properties)) {
        if (output || DIFFERENT.has(`${type} ${name}`)) continue;
        if (replaces === true) assert.ok(sandbox.has(name), `${type} ${name} replaces`);
        if (replaces === undefined && name !== 'region')
          assert.ok(!sandbox.has(name), `${type} ${name} does not replace`);
      }
    }
  });

  it('names only inputs that the published SDK has', () => {
    const top = (path: string) => path.split('.')[0]!;
    for (const [type] of resources) {
      const inputs = facts.inputs(type)!;
      const unknown = replacingInputs(type, facts).filter((path) => path !== 'region' && !(top(path) in inputs));
      assert.deepEqual(unknown, [], type);
    }
  });

  it('is found out for types that nobody listed: names, places, and what the documentation says', () => {
    const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
      ['aws:emr/instanceGroup:InstanceGroup', ['clusterId', 'instanceType'], ['instanceCount']],
      ['aws:ec2/networkAcl:NetworkAcl', ['vpcId'], ['ingress', 'tags']],
      ['aws:apigateway/stage:Stage', ['restApi'], ['description']],
      ['aws:efs/mountTarget:MountTarget', ['fileSystemId', 'subnetId'], ['securityGroups']],
      ['aws:cognito/userPoolClient:UserPoolClient', ['userPoolId'], ['callbackUrls']],
    ];
    for (const [type, replacing, updating] of cases) {
      for (const path of replacing) assert.deepEqual(replacingPaths(type, [path], facts), [path], `${type} ${path}`);
      for (const path of updating) assert.deepEqual(replacingPaths(type, [path], facts), [], `${type} ${path}`);
    }
  });
});
