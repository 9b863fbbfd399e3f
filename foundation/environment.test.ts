import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnvironmentReader } from './environment.ts';

test('takes an empty variable for one that is not set', () => {
  assert.equal(new EnvironmentReader({ NAME: '' }).text('NAME', 'fallback'), 'fallback');
});

test('names the variable, the value and the limits of a bad number', () => {
  const reader = new EnvironmentReader({ PORT: '70000' });
  assert.throws(() => reader.integer('PORT', { fallback: 1, minimum: 0, maximum: 65535 }), /PORT.*0 to 65535: "70000"/);
  assert.throws(() => new EnvironmentReader({ PORT: '1.5' }).integer('PORT', { fallback: 1 }), /PORT/);
  assert.equal(reader.integer('OTHER', { fallback: 8080 }), 8080);
});

test('reads flags in the usual spellings and refuses others', () => {
  const reader = new EnvironmentReader({ A: 'Yes', B: '0', C: 'maybe' });
  assert.equal(reader.flag('A', false), true);
  assert.equal(reader.flag('B', true), false);
  assert.throws(() => reader.flag('C', true), /C .*"maybe"/);
});

test('refuses a choice that is not offered', () => {
  const reader = new EnvironmentReader({ ENGINE: 'fast' });
  assert.throws(() => reader.oneOf('ENGINE', ['embedded', 'official'], 'embedded'), /embedded, official: "fast"/);
  assert.equal(reader.oneOf('NOTHING', ['embedded', 'official'], 'embedded'), 'embedded');
});
