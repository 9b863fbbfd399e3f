import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { accessOf, bothOf, type Grant, grantsText, type Place, type Power, type Role, rolesWith } from './access.ts';

const POWERS: readonly Power[] = ['read', 'operate', 'approve', 'own'];
const ROLES: readonly Role[] = ['viewer', 'operator', 'approver', 'owner'];
const PROD: Place = { repository: 'shop', stack: 'web/prod', environment: 'prod' };
const DEV: Place = { repository: 'shop', stack: 'web/dev', environment: 'dev' };

test('gives each role its powers, and approving never with operating', () => {
  const table = ROLES.map((role) => [role, POWERS.filter((power) => accessOf([{ role }]).may(power, PROD)).join(' ')]);
  assert.deepEqual(table, [
    ['viewer', 'read'],
    ['operator', 'read operate'],
    ['approver', 'read approve'],
    ['owner', 'read operate approve own'],
  ]);
  assert.deepEqual(rolesWith('operate'), ['operator', 'owner']);
});

test('holds a grant to every list that it has', () => {
  const cases: readonly (readonly [grant: Omit<Grant, 'role'>, place: Place, may: boolean])[] = [
    [{ repositories: ['shop'] }, PROD, true],
    [{ repositories: ['sho?'] }, PROD, true],
    [{ repositories: ['other'] }, PROD, false],
    [{ stacks: ['prod'] }, PROD, true],
    [{ stacks: ['web/*'] }, PROD, true],
    [{ stacks: ['*'] }, PROD, true],
    [{ stacks: ['**'] }, PROD, true],
    [{ stacks: ['api/*'] }, PROD, false],
    [{ stacks: ['!dev'] }, PROD, false],
    [{ stacks: ['{web/prod,x}'] }, PROD, false],
    [{ stacks: ['web'] }, PROD, false],
    [{ environments: ['prod'] }, PROD, true],
    [{ environments: ['prod'] }, DEV, false],
    [{ environments: ['prod'], stacks: ['dev'] }, PROD, false],
    [{ environments: ['*'] }, { repository: 'shop', stack: 'web/gone' }, false],
    [{ stacks: [] }, PROD, false],
  ];
  for (const [grant, place, may] of cases)
    assert.equal(accessOf([{ role: 'viewer', ...grant }]).may('read', place), may, JSON.stringify([grant, place]));
});

test('asks for a grant without lists where it is about everything, and without lists of stacks where it is about a repository', () => {
  const part = accessOf([{ role: 'owner', repositories: ['shop'], environments: ['dev'] }]);
  assert.deepEqual([part.may('read'), part.may('read', { repository: 'shop' })], [false, false]);
  const whole = accessOf([{ role: 'owner', repositories: ['shop'] }]);
  assert.deepEqual([whole.may('own'), whole.may('own', { repository: 'shop' })], [false, true]);
  assert.deepEqual([part.maySomewhere('own', 'shop'), part.maySomewhere('own', 'till')], [true, false]);
  assert.equal(accessOf([]).maySomewhere('read'), false);
});

const words = fc.constantFrom('dev', 'prod', 'web/dev', 'web/*', '*', '**', 'shop', 'till');
const lists = fc.option(fc.array(words, { maxLength: 3 }), { nil: undefined });
const grants = fc.array(
  fc.record({ role: fc.constantFrom(...ROLES), repositories: lists, stacks: lists, environments: lists }),
  { maxLength: 4 },
);
const places = fc.option(
  fc.record({
    repository: fc.constantFrom('shop', 'till'),
    stack: fc.option(fc.constantFrom('web/dev', 'web/prod', 'api/dev'), { nil: undefined }),
    environment: fc.option(fc.constantFrom('dev', 'prod'), { nil: undefined }),
  }),
  { nil: undefined },
);

test('never gives a token more than its owner has, nor a place more than somewhere', () => {
  fc.assert(
    fc.property(grants, grants, places, fc.constantFrom(...POWERS), (own, limit, place, power) => {
      const [owner, token] = [accessOf(own), bothOf(accessOf(own), accessOf(limit))];
      if (token.may(power, place)) assert.ok(owner.may(power, place));
      if (owner.may(power, place)) assert.ok(owner.maySomewhere(power, place?.repository));
      if (owner.may(power, place)) assert.ok(owner.may('read', place), 'every role may read');
      if (owner.may(power)) assert.ok(owner.may(power, place), 'everywhere is here too');
      assert.ok(accessOf([...own, ...limit]).may(power, place) || !owner.may(power, place), 'a grant takes nothing');
    }),
    { numRuns: 500 },
  );
});

test('says grants in a line', () => {
  assert.equal(
    grantsText([{ role: 'operator', repositories: ['shop'], environments: ['dev', 'test'] }, { role: 'viewer' }]),
    'operator of shop in dev, test; viewer',
  );
  assert.equal(grantsText([]), 'no role');
});
