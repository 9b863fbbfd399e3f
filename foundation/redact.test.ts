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

/** How a text comes out of tools that write it in another way. */
const WRITTEN: Readonly<Record<string, (text: string) => string>> = {
  'JSON in JSON': (text) => JSON.stringify(JSON.stringify(text)),
  'JSON in ASCII': (text) =>
    JSON.stringify(text).replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  'a form': (text) => new URLSearchParams({ text }).toString(),
  'a URL in lower case': (text) => encodeURIComponent(text).replaceAll(/%../g, (code) => code.toLowerCase()),
  hexadecimal: (text) => Buffer.from(text).toString('hex'),
  'base64 in URLs': (text) => Buffer.from(text).toString('base64url'),
  'base64 in lines of 64': (text) => Buffer.from(text).toString('base64').replaceAll(/.{64}/g, '$&\n'),
  'base64 in lines of 76': (text) => Buffer.from(text).toString('base64').replaceAll(/.{76}/g, '$&\r\n'),
};

const secretTexts = fc.string({ unit: 'binary', minLength: 12, maxLength: 120 }).filter((text) => text.isWellFormed());

/** The longest part of `text` that is still shown. */
function longestShown(shown: string, text: string): number {
  let longest = 0;
  for (let at = 0; at < text.length; at += 1)
    while (at + longest < text.length && shown.includes(text.slice(at, at + longest + 1))) longest += 1;
  return longest;
}

for (const [title, write] of Object.entries(WRITTEN))
  test(`masks a value as ${title}`, () => {
    fc.assert(
      fc.property(secretTexts, (secret) => {
        const redactor = new Redactor();
        redactor.add(secret);
        const whole = write(secret);
        const shown = redactor.redact(whole);
        assert.ok(shown.includes(REDACTED), `${whole}\n${shown}`);
        assert.ok(longestShown(shown.replaceAll(REDACTED, '\0'), whole) < 12, `${whole}\n${shown}`);
      }),
    );
  });

test('masks a value in the base64 of a text that it is a part of', () => {
  fc.assert(
    fc.property(secretTexts, fc.string({ maxLength: 5 }), fc.string({ maxLength: 5 }), (secret, before, after) => {
      const redactor = new Redactor();
      redactor.add(secret);
      for (const encoding of ['base64', 'base64url'] as const) {
        const shown = redactor.redact(Buffer.from(before + secret + after).toString(encoding));
        const [head = '', ...tails] = shown.split(REDACTED);
        assert.ok(tails.length > 0, shown);
        // At both ends a letter is made of the neighbour too: less than a byte of the secret is in it.
        const [neighbours, bytes] = [Buffer.from(before).length, Buffer.from(after).length];
        assert.ok(head.length <= Math.ceil((neighbours * 4) / 3), `${before} ${shown}`);
        assert.ok(tails.join('').length <= Math.ceil((bytes * 4) / 3) + 4, `${after} ${shown}`);
      }
    }),
  );
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
