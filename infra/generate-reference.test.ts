import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import Ajv from 'ajv/dist/2020';
import { parse } from 'yaml';
import { componentSections } from './components-reference';
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

describe('the reference of components', () => {
  const sections = componentSections();

  it('has every component, and says something of each argument and output', () => {
    const components = sections.filter(({ outputs }) => outputs.length > 0).map(({ name }) => name);
    assert.deepEqual(components.sort(), [
      ...['Application', 'Certificate', 'Chart', 'Cluster', 'Dns', 'Kustomization', 'Manifests', 'Network', 'Registry'],
      ...['Tenant', 'WorkloadRole'],
    ]);
    for (const section of sections) {
      assert.notEqual(section.text, '', section.name);
      for (const { name, text } of [...section.arguments, ...section.outputs])
        assert.notEqual(text, '', `${section.name} ${name} is documented`);
    }
  });

  it('knows types, what is required, and what arguments are made of', () => {
    const application = sections.find(({ name }) => name === 'Application')!;
    const [image] = application.arguments;
    assert.deepEqual([image?.name, image?.type, image?.optional], ['image', 'pulumi.Input<string>', false]);
    assert.ok(
      sections.some(({ name }) => name === 'CronJobArgs') && sections.some(({ name }) => name === 'NodeGroupArgs'),
    );
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
