import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import Ajv from 'ajv/dist/2020';
import { parse } from 'yaml';
import { generatedFiles, staleFiles } from './generate-reference';
import { stackFileJsonSchema } from './settings/stack-file-schema';

const ROOT = join(__dirname, '..');

describe('the generated reference', () => {
  it('is what would be generated now', () => {
    assert.deepEqual(staleFiles(), [], 'run node --import tsx infra/generate-reference.ts');
  });

  it('is found stale where it differs or is missing', () => {
    assert.deepEqual(staleFiles(join(ROOT, 'nowhere')), Object.keys(generatedFiles()));
  });
});

describe('the JSON schema of a stack file', () => {
  const validate = new Ajv({ allErrors: true, strict: false, logger: false }).compile(stackFileJsonSchema());

  const files = readdirSync(join(ROOT, 'stacks')).filter((name) => /^Pulumi\..*\.yaml$/.test(name));
  for (const name of files) {
    it(`takes ${name}`, () => {
      assert.ok(validate(parse(readFileSync(join(ROOT, 'stacks', name), 'utf8'))), JSON.stringify(validate.errors));
    });
  }

  it('covers more than one environment', () => assert.ok(files.length >= 4));

  it('refuses unknown keys and secrets in the clear', () => {
    const application = (more: object) => ({
      config: { 'mainstay:applications': { shop: { image: 'shop:1', ...more } } },
    });
    assert.ok(validate(application({})));
    assert.ok(!validate(application({ replica: 1 })));
    assert.ok(!validate(application({ secrets: { TOKEN: 'clear' } })));
    assert.ok(validate(application({ secrets: { TOKEN: { secure: 'v1:x' } } })));
    assert.ok(!validate({ config: { 'mainstay:netwrok': {} } }));
    assert.ok(validate({ config: { 'aws:region': 'eu-central-1' } }));
  });
});
