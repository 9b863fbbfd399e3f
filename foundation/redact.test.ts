import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { REDACTED, Redactor } from './redact.ts';

test('masks a value in plain, JSON, URL and base64 form', () => {
  const redactor = new Redactor();
  const secret = 'p@ss "word"/1';
  redactor.add(secret);
  const forms = [secret, JSON.stringify(secret), encodeURIComponent(secret), Buffer.from(secret).toString('base64')];
  for (const form of forms)
    assert.ok(!redactor.redact(`x ${form} y`).includes(form === forms[1] ? form.slice(1, -1) : form));
});

test('masks the lines of a secret of many lines', () => {
  const redactor = new Redactor();
  redactor.add('-----BEGIN KEY-----\nabcdefghijklmnop\n-----END KEY-----');
  assert.equal(redactor.redact('line: abcdefghijklmnop'), `line: ${REDACTED}`);
});

test('masks the longer of two nested secrets whole', () => {
  const redactor = new Redactor();
  redactor.add('secret');
  redactor.add('secret-and-more');
  assert.equal(redactor.redact('secret-and-more'), REDACTED);
});

test('leaves text alone while no secret is known, and values too short to be told apart', () => {
  const redactor = new Redactor();
  redactor.add('no');
  assert.equal(redactor.redact('nothing is known here'), 'nothing is known here');
});

test('never lets an added value through, whatever surrounds it', () => {
  const secrets = fc.array(fc.string({ minLength: 4, maxLength: 30 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(secrets, fc.string(), fc.string(), (values, before, after) => {
      const redactor = new Redactor();
      for (const value of values) redactor.add(value);
      for (const value of values) {
        const shown = redactor.redact(`${before}${value}${after}`);
        assert.ok(!shown.split(REDACTED).some((part) => part.includes(value)));
      }
    }),
  );
});
