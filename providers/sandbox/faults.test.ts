import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { readStackFaults } from './faults.ts';
import { asksForSandbox, projectRoot } from './stack-setting.ts';
import { matches } from './world.ts';
import { worldPath } from './world-path.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mainstay-faults-'));
  writeFileSync(join(root, 'Pulumi.yaml'), 'name: estate\nruntime: nodejs\nstackConfigDir: stacks\n');
  mkdirSync(join(root, 'stacks'));
});
afterEach(() => rmSync(root, { recursive: true }));

function stackFile(faults: string): void {
  writeFileSync(join(root, 'stacks', 'Pulumi.dev.yaml'), `config:\n  mainstay:sandboxFaults: ${faults}\n`);
}

describe('the faults of a stack', () => {
  it('are read from its file, wherever the project keeps it', () => {
    stackFile('[{ kind: fail, match: "*", times: 1 }]');
    assert.deepEqual(readStackFaults(root, 'dev'), [{ kind: 'fail', match: '*', times: 1 }]);
    assert.deepEqual(readStackFaults(root, 'organization/estate/dev'), readStackFaults(root, 'dev'));
    assert.deepEqual(readStackFaults(root, 'prod'), []);
    assert.deepEqual(readStackFaults(join(root, 'stacks'), 'dev'), []);
  });

  it('are refused with the file and the entry where they are none', () => {
    stackFile('[{ kind: explode, match: a }]');
    assert.throws(() => readStackFaults(root, 'dev'), /Pulumi\.dev\.yaml Cannot use mainstay:sandboxFaults.*"explode"/);
    stackFile('yes please');
    assert.throws(() => readStackFaults(root, 'dev'), /mainstay:sandboxFaults/);
  });
});

describe('whether a stack asks for the sandbox', () => {
  const cases: readonly (readonly [string, boolean])[] = [
    ['true', true],
    ['"true"', true],
    ['false', false],
    ['[kubernetes]', false],
    ['[kubernetes, aws]', true],
    ['kubernetes,aws', true],
  ];
  for (const [value, wanted] of cases) {
    it(`${value}: ${wanted}`, () => {
      writeFileSync(join(root, 'stacks', 'Pulumi.dev.yaml'), `config:\n  mainstay:sandbox: ${value}\n`);
      assert.equal(asksForSandbox(root, 'dev', 'aws'), wanted);
    });
  }

  it('is no where nothing is said', () => {
    assert.equal(asksForSandbox(root, 'prod', 'aws'), false);
    assert.equal(asksForSandbox(tmpdir(), 'dev', 'aws'), false);
  });
});

describe('what a fault is about', () => {
  const object = { urn: 'urn:pulumi:dev::estate::a:b:C::shop', type: 'a:b:C' };
  const cases: readonly (readonly [string, boolean])[] = [
    ['shop', true],
    ['sh*', true],
    ['*:C', true],
    ['urn:pulumi:dev::*', true],
    ['*', true],
    ['sho', false],
    ['s.op', false],
    ['cart', false],
  ];
  for (const [pattern, wanted] of cases) {
    it(`${pattern} ${wanted ? 'fits' : 'does not fit'}`, () => assert.equal(matches(pattern, object), wanted));
  }
});

describe('where a world is', () => {
  const identity = { organization: 'organization', project: 'estate', stack: 'dev' };

  it('is in the home of Pulumi, a file per stack', () => {
    const path = worldPath(identity, { PULUMI_HOME: '/home/.pulumi' });
    assert.equal(path, '/home/.pulumi/sandbox/organization-estate-dev.sqlite');
    assert.equal(worldPath(identity, { HOME: '/root' }), '/root/.pulumi/sandbox/organization-estate-dev.sqlite');
    assert.equal(
      worldPath({ ...identity, stack: '../x' }, { PULUMI_HOME: '/h' }),
      '/h/sandbox/organization-estate-.._x.sqlite',
    );
  });

  it('is where the environment says', () => {
    assert.equal(worldPath(identity, { MAINSTAY_SANDBOX: '/tmp/one.sqlite' }), '/tmp/one.sqlite');
  });
});

describe('projectRoot', () => {
  it('is the nearest folder with a Pulumi.yaml', () => {
    assert.equal(projectRoot(join(root, 'stacks')), root);
    assert.equal(projectRoot(tmpdir()), tmpdir());
  });
});
