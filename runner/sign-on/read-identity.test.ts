import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readIdentity } from './read-identity.ts';

const OF = { groupsClaim: 'groups', nameClaim: 'preferred_username' };
const ada = { sub: '1', preferred_username: 'ada' };

test('finds groups and names where providers put them', () => {
  const inside = { ...ada, realm_access: { roles: ['platform'] } };
  assert.deepEqual(readIdentity(inside, { ...OF, groupsClaim: 'realm_access.roles' }).groups, ['platform']);
  const whole = { ...ada, 'https://shop.example/groups': ['a', 'b'] };
  assert.deepEqual(readIdentity(whole, { ...OF, groupsClaim: 'https://shop.example/groups' }).groups, ['a', 'b']);
  assert.deepEqual(readIdentity({ ...ada, groups: 'one' }, OF).groups, ['one']);
  assert.deepEqual(readIdentity(ada, OF).groups, []);
  assert.equal(readIdentity({ sub: '1', email: 'a@b.example' }, { ...OF, nameClaim: 'email' }).name, 'a@b.example');
});

test('takes an address only where it is said to be verified', () => {
  const email = 'ada@example.org';
  assert.equal(readIdentity({ ...ada, email, email_verified: true }, OF).email, email);
  for (const email_verified of [false, undefined, 'true', 1])
    assert.equal(readIdentity({ ...ada, email, email_verified }, OF).email, undefined);
});

test('refuses what it cannot use, and says which claim', () => {
  const cases: readonly (readonly [claims: Record<string, unknown>, RegExp])[] = [
    [{ preferred_username: 'ada' }, /it does not say who it is: sub/],
    [{ sub: '1' }, /it does not say a name: preferred_username\. .*nameClaim/],
    [{ sub: '1', preferred_username: 'two\nlines' }, /no line of at most 100 letters: preferred_username/],
    [{ sub: '1', preferred_username: 'x'.repeat(101) }, /no line of at most 100 letters/],
    [{ sub: '1', preferred_username: 'ada\u202eeve' }, /no line of at most 100 letters/],
    [{ ...ada, groups: [{ name: 'a' }] }, /no list of at most 1000 names: groups/],
    [{ ...ada, groups: Array.from({ length: 1001 }, String) }, /no list of at most 1000 names: groups/],
    [{ ...ada, _claim_names: { groups: 'src1' } }, /too many groups for a token: groups\. .*groupsClaim: roles/],
  ];
  for (const [claims, pattern] of cases) assert.throws(() => readIdentity(claims, OF), pattern);
});

test('finds nothing in what every object has', () => {
  assert.deepEqual(readIdentity(ada, { ...OF, groupsClaim: 'constructor.name' }).groups, []);
});
