import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { mainstayJsonSchema, staleness } from './generate-reference.ts';

describe('the JSON schema of mainstay.yaml', () => {
  it('is what would be generated now', () => {
    assert.equal(staleness(), undefined, 'run node runner/generate-reference.ts');
  });

  it('is found stale where it is missing', () => assert.match(staleness('/nowhere.json') ?? '', /cannot be read/));

  it("takes this repository's own file, and no unknown key", () => {
    const validate = new Ajv2020({ strict: false, logger: false }).compile(JSON.parse(mainstayJsonSchema()));
    const own: object = parse(readFileSync(new URL('../stacks/mainstay.yaml', import.meta.url), 'utf8'));
    assert.ok(validate(own), JSON.stringify(validate.errors));
    assert.ok(!validate({ ...own, enviroments: [] }));
  });
});
