import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Checkout } from './testing/checkout';

/** docs/components.md, followed to the letter: its blocks of code are written where it says, and its commands are run. */
const PAGE = readFileSync(join(__dirname, '../docs/components.md'), 'utf8');
const checkout = new Checkout();
after(() => checkout.remove());

/** The page's blocks of code in their order, without their indentation. */
const BLOCKS = [...PAGE.matchAll(/^( *)```(\w+)\n([\s\S]*?)^\1```$/gm)].map(([, indent = '', language, text = '']) => ({
  language,
  text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
}));

/** The only block that has a text. */
function block(having: string): string {
  const found = BLOCKS.filter(({ text }) => text.includes(having));
  assert.equal(found.length, 1, `one block of docs/components.md has ${having}`);
  return found[0]!.text;
}

/** A command that the page gives, as its words. */
function command(having: string): readonly string[] {
  return block(having).trim().split(/\s+/);
}

/** Writes `text` before or after a place that the file must have. */
function insert(file: string, text: string, place: { readonly before: string } | { readonly after: string }): void {
  if ('before' in place) checkout.edit(file, place.before, text + place.before);
  else checkout.edit(file, place.after, place.after + text);
}

describe('docs/components.md', () => {
  it('shows programs that run', async () => {
    const [first, second] = BLOCKS.filter(
      ({ language, text }) => language === 'ts' && text.includes("Application('shop'"),
    );
    const [imports = '', program = ''] = first!.text.split(/\n\n/);
    const test = `import assert from 'node:assert/strict';
      import { at, mockStack } from './components/testing/mock-stack';
      ${imports}
      void (async () => {
        const plain = await mockStack(() => { ${program} });
        assert.equal(plain.ofType('kubernetes:apps/v1:Deployment').length, 1);
        const gold = await mockStack(() => { ${second!.text} });
        const { inputs } = gold.only('kubernetes:apps/v1:Deployment');
        assert.equal(at(inputs, 'metadata.annotations.example\\\\.org/tier'), 'gold');
      })();`;
    checkout.write('page.cts', test);
    const { code, output } = await checkout.node('--import', 'tsx', 'page.cts');
    assert.equal(code, 0, output);
  });

  it('leads to a component of their own, tested', async () => {
    checkout.write('components/queue/queue.ts', block('export class Queue'));
    checkout.write('components/queue/queue.test.ts', block("it('is encrypted'"));
    const [node, ...args] = command('--test components/queue');
    assert.equal(node, 'node');
    const { code, output } = await checkout.node(...args);
    assert.equal(code, 0, output);
    assert.match(output, /pass 1\b/);
  });

  it('leads to its settings, with their schema and reference', async () => {
    insert('infra/settings/settings-schema.ts', block('queues: named('), { before: '  domains: ' });
    const { code, output } = await checkout.node(...command('generate-reference').slice(1));
    assert.equal(code, 0, output);
    assert.match(checkout.read('docs/reference/settings.md'), /`queues\.<name>\.retentionDays` \| number 1–14/);
    const schema = JSON.parse(checkout.read('docs/reference/stack.schema.json'));
    assert.ok(schema.properties.config.properties['mainstay:queues']);
  });

  it('leads to its place in the program, and a preview in which it is', async () => {
    const part = 'infra/compose/aws-part.ts';
    insert(part, block("import { Queue } from '../../"), { before: 'import { Registry }' });
    insert(part, block('for (const [name, args] of'), { before: '  return {\n    network' });
    insert('infra/index.ts', block("'queues',").trim(), { after: 'AWS_SECTIONS = [' });
    await checkout.succeeds('stack', 'init', 'dev');
    await checkout.succeeds('up', '-s', 'dev', '--yes', '--skip-preview');
    const settings = block('mainstay:queues:').replaceAll(/^/gm, '  ').trimEnd();
    insert('stacks/Pulumi.dev.yaml', `${settings}\n`, { after: 'config:\n' });
    const words = command('pulumi preview');
    assert.equal(words[0], 'pulumi');
    const { steps } = JSON.parse(await checkout.succeeds(...words.slice(1), '--json')) as {
      readonly steps: readonly { readonly op: string; readonly urn: string; readonly newState?: Resource }[];
    };
    const created = steps.filter(({ op }) => op !== 'same');
    assert.deepEqual(
      created.map(({ op, urn }) => `${op} ${urn.split('::').slice(2).join(' ')}`),
      ['create mainstay:index:Queue orders', 'create mainstay:index:Queue$aws:sqs/queue:Queue orders'],
    );
    assert.equal(created[1]?.newState?.inputs.messageRetentionSeconds, 172_800);
    await checkout.succeeds('up', '-s', 'dev', '--yes', '--skip-preview');
  });

  it('leads to a setting whose mistakes are told with their place', async () => {
    checkout.edit('stacks/Pulumi.dev.yaml', 'retentionDays: 2', 'retentionDay: 2');
    const { code, output } = await checkout.pulumi('preview', '-s', 'dev');
    assert.notEqual(code, 0);
    assert.match(
      output,
      /Pulumi\.dev\.yaml:5:15 queues\.orders\.retentionDay is not a setting: did you mean retentionDays\?/,
    );
  });
});

interface Resource {
  readonly inputs: Readonly<Record<string, unknown>>;
}
