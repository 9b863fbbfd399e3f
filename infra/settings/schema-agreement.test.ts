import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import Ajv from 'ajv/dist/2020';
import fc from 'fast-check';
import { isMap, isScalar, LineCounter, type Node, type Pair, parse, parseDocument, type Scalar, visit } from 'yaml';
import { readStackFile } from './file-places';
import { parseSettings } from './parse-settings';
import { stackFileJsonSchema } from './stack-file-schema';

const STACKS = join(__dirname, '../../stacks');
const FILES = ['local', 'dev', 'staging', 'prod'].map((stack) => join(STACKS, `Pulumi.${stack}.yaml`));
const PROD = FILES[3]!;
const SCHEMA_TEXT = JSON.stringify(stackFileJsonSchema());
const validate = new Ajv({ allErrors: true, strict: false, logger: false }).compile(stackFileJsonSchema());

/** What the program says of a file that has this text. */
function mistakes(text: string, path = PROD): readonly string[] {
  const { config } = parse(text) as { config: Record<string, unknown> };
  const own = Object.entries(config).filter(([key]) => key.startsWith('mainstay:'));
  const result = parseSettings({
    values: Object.fromEntries(own.map(([key, value]) => [key.slice('mainstay:'.length), decrypted(value)])),
    hasSecrets: false,
    openFile: () => readStackFile(path, 'f', 'mainstay'),
  });
  return 'mistakes' in result ? result.mistakes : [];
}

function decrypted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decrypted);
  if (typeof value !== 'object' || value === null) return value;
  if ('secure' in value) return 'text';
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, decrypted(member)]));
}

/** A file's text with the `index`-th value of its settings replaced. */
function withValue(text: string, index: number, value: unknown): string {
  const document = parseDocument(text);
  const found: Scalar[] = [];
  visit(document, {
    Pair(_, { key }) {
      // What Pulumi writes, and settings of providers, are not ours to judge.
      return /^(secure|encryptionsalt|aws:.*)$/.test(String(key)) ? visit.SKIP : undefined;
    },
    Scalar(key, node) {
      if (key !== 'key') found.push(node);
    },
  });
  found[index % found.length]!.value = value;
  return document.toString();
}

describe('the JSON schema that editors complete from', () => {
  it('takes whatever the program takes: there is one schema', () => {
    const values = fc.oneof(
      fc.constantFrom<unknown>(
        0,
        1,
        2,
        -1,
        3000,
        true,
        false,
        null,
        '',
        'x',
        'X',
        'shop',
        '10.0.0.0/16',
        '10.0.0.0/33',
      ),
      fc.constantFrom<unknown>(
        'shop:1',
        'shop:latest',
        '1.35',
        '1.4',
        '250m',
        '512Mi',
        '0 3 * * *',
        'none',
        'edit',
        '/a',
      ),
      fc.string(),
      fc.integer(),
    );
    let taken = 0;
    fc.assert(
      fc.property(fc.constantFrom(...FILES), fc.nat(200), values, (file, index, value) => {
        const text = withValue(readFileSync(file, 'utf8'), index, value);
        if (mistakes(text, file).length > 0) return;
        taken += 1;
        assert.ok(
          validate(parse(text)),
          `${JSON.stringify(value)} at ${index} of ${file}: ${JSON.stringify(validate.errors)}`,
        );
      }),
      { numRuns: 150 },
    );
    assert.ok(taken > 10, `${taken} were taken`);
  });
});

interface Key {
  readonly name: string;
  readonly line: number;
  readonly column: number;
  readonly offset: number;
}

/** The keys of a file that are the schema's own: not names that a team chose, and not inside of what may hold anything. */
function schemaKeys(text: string): readonly Key[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const found: Key[] = [];
  visit(document, {
    Pair(_, pair: Pair, path) {
      if (!isScalar(pair.key) || path.filter((node) => isMap(node)).length < 2) return;
      const name = String((pair.key as { value: unknown }).value);
      const own = name.replace(/^mainstay:/, '');
      if (!isSchemaKey(own) || own === 'secure' || name.startsWith('aws:')) return;
      const offset = (pair.key as unknown as Node).range![0];
      const { line, col: column } = lines.linePos(offset);
      found.push({ name, line, column, offset });
    },
  });
  return found;
}

/** Whether a word is a key somewhere in the JSON schema. */
function isSchemaKey(name: string): boolean {
  return SCHEMA_TEXT.includes(`"${name}":{`) || SCHEMA_TEXT.includes(`"mainstay:${name}":{`);
}

describe('a key that is misspelt', () => {
  const text = readFileSync(PROD, 'utf8');
  const keys = schemaKeys(text).filter(({ name }) => name.replace(/^mainstay:/, '').length >= 5);

  it('is told with its place and the name that was meant, wherever in the file it is', () => {
    assert.ok(keys.length > 30);
    for (const { name, line, column, offset } of keys) {
      const namespace = name.startsWith('mainstay:') ? 'mainstay:' : '';
      const own = name.slice(namespace.length);
      // Two letters in the wrong order.
      const wrong = own.slice(0, 1) + own[2]! + own[1]! + own.slice(3);
      if (wrong === own) continue;
      const broken = text.slice(0, offset) + namespace + wrong + text.slice(offset + name.length);
      const said = mistakesOfText(broken);
      const about = said.find(
        (one) => one.startsWith(`f:${line}:${column} `) && one.includes(`${wrong} is not a setting`),
      );
      assert.ok(about?.endsWith(`did you mean ${own}?`), `${wrong} at ${line}:${column}: ${said.join('\n')}`);
    }
  });
});

/** As `mistakes`, with places of the text itself. */
function mistakesOfText(text: string): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-misspelt-'));
  const path = join(folder, 'Pulumi.prod.yaml');
  try {
    writeFileSync(path, text);
    return mistakes(text, path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
