import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import fc from 'fast-check';
import pg from 'pg';
import { git } from '../../cli/demo-repository.ts';
import { EnvironmentReader } from '../../foundation/environment.ts';
import { systemCode } from '../../foundation/errors.ts';
import { createEstate, type Estate, FIRST_FILES } from './estate.ts';

const PASSPHRASE = 'a passphrase of the journey';
const PULUMI = resolve(import.meta.dirname, '../../engine/bin/pulumi');

/** Ways in which a program can give a secret away. `secret` is its text, `name` what to call a resource. */
const LEAKS = {
  console: 'console.log(secret); console.error("it is " + secret + "!");',
  base64: "console.log('Basic ' + Buffer.from(secret).toString('base64'));",
  'base64 of more': "console.log('Basic ' + Buffer.from('ada:' + secret).toString('base64'));",
  hexadecimal: "console.log(Buffer.from(secret).toString('hex'));",
  'JSON in JSON': 'console.log(JSON.stringify(JSON.stringify({ deep: { secret } })));',
  'stack trace': 'console.error(new Error("of " + secret).stack);',
  json: 'console.log(JSON.stringify({ deep: { secret } }));',
  url: "console.warn('https://user:' + encodeURIComponent(secret) + '@example.org/');",
  'engine log': 'void pulumi.log.warn("warned of " + secret);',
  'plain input': 'map({ value: secret });',
  'secret input': 'map({ value: pulumi.secret(secret) });',
  'structured input': 'map({ value: pulumi.jsonStringify({ nested: [pulumi.secret(secret)] }) });',
  'resource option':
    "new kubernetes.core.v1.ConfigMap('ignored-' + name, { metadata: { name: 'ignored-' + name, annotations: { note: secret } } });",
  output: 'exports[name] = pulumi.secret(secret); exports[name + "-plain"] = secret;',
  'refused name': "new kubernetes.core.v1.ConfigMap('bad-' + name, { metadata: { name: secret } });",
  error: "if (!pulumi.runtime.isDryRun()) throw new Error('cannot use ' + secret);",
  'error in the preview': "throw new TypeError('cannot use ' + JSON.stringify(secret));",
  rejection: "pulumi.output(Promise.reject(new Error('refused ' + secret))).apply(() => 1);",
} as const;

type Leak = keyof typeof LEAKS;

/** With these the program itself asks for a resource that has the secret in the clear: then the state and the cloud have it, under any engine. */
const ASKED_FOR: readonly Leak[] = ['plain input', 'resource option', 'refused name', 'output'];
const BY_REQUEST = /\/data\/(state|pulumi-home\/sandbox)\//;

interface Spill {
  readonly secret: string;
  readonly leaks: readonly Leak[];
}

const character = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...'abcdefXYZ0123456789') },
  { weight: 1, arbitrary: fc.constantFrom('"', '\\', "'", '$', '%', '/', '+', ' ', '\n', '\t', 'ä', '雪', '🔑') },
);
const secretText = fc
  .array(character, { minLength: 12, maxLength: 40 })
  // Texts of a line are looked for line by line, and a short one is too common to be one.
  .map((parts) => `s3${parts.join('').trim()}ret`);
const spills = fc.array(
  fc.record({ secret: secretText, leaks: fc.subarray(Object.keys(LEAKS) as Leak[], { minLength: 2 }) }),
  { minLength: 1, maxLength: 2 },
);

/** `MAINSTAY_PROGRAMS=50` for more. */
const PROGRAMS = new EnvironmentReader().integer('MAINSTAY_PROGRAMS', { fallback: 3, minimum: 1 });

test('no place shows a secret, whatever a program does with it', { timeout: 900_000 }, async (t) => {
  const estate = await createEstate({}, FIRST_FILES);
  t.after(() => estate.close());
  await estate.start({ MAINSTAY_LOG: 'debug' });
  await estate.rolledOut(await git(estate.repository, 'rev-parse', 'main'));
  let round = 0;
  const seen: Spill[] = [];
  await fc.assert(
    fc.asyncProperty(spills, async (spilled) => {
      round += 1;
      await takeThrough(estate, `spill-${round}`, spilled);
      seen.push(...spilled);
      await assertNowhere(estate, seen);
    }),
    { numRuns: PROGRAMS, endOnFailure: true },
  );
});

/** A pull request with the program, its preview, its merge and its rollout, however they end. */
async function takeThrough(estate: Estate, branch: string, spilled: readonly Spill[]): Promise<void> {
  const head = await estate.push(branch, {
    'infra/index.ts': programOf(spilled),
    'stacks/Pulumi.dev.yaml': await stackText(estate, branch, spilled),
    'stacks/Pulumi.prod.yaml': '{"config":{"mainstay:sandbox":true}}\n',
  });
  await estate.previewed(branch, head);
  const { waits, id } = await estate.rolledOut(await estate.merge(branch));
  // What failed is given up, so that the next change finds nothing waiting.
  if (waits) await estate.api().decideRollout(id, { kind: 'give-up', by: 'Ada' });
}

function programOf(spilled: readonly Spill[]): string {
  const blocks = spilled.map(
    ({ leaks }, index) => `config.getSecret('secret${index}')?.apply((secret) => {
  const name = 'n${index}';
  const map = (data: Record<string, pulumi.Input<string>>) => new kubernetes.core.v1.ConfigMap('map-' + ++count, { metadata: { name: 'map-' + count }, data });
  ${leaks.map((leak) => LEAKS[leak]).join('\n  ')}
});
console.log('a plain read: ' + config.get('secret${index}'));`,
  );
  return `import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import './labels';
const config = new pulumi.Config();
let count = 0;
${blocks.join('\n')}
`;
}

/** Encrypted by the command that a person would use. */
async function stackText(estate: Estate, name: string, spilled: readonly Spill[]): Promise<string> {
  const folder = join(estate.folder, name);
  mkdirSync(join(folder, 'backend'), { recursive: true });
  writeFileSync(join(folder, 'Pulumi.yaml'), 'name: journey\nruntime: nodejs\n');
  const env = {
    ...process.env,
    ...{ PULUMI_BACKEND_URL: `file://${folder}/backend`, PULUMI_HOME: join(folder, 'home') },
    ...{ PULUMI_CONFIG_PASSPHRASE: PASSPHRASE, PULUMI_SKIP_UPDATE_CHECK: 'true' },
  };
  const pulumi = (...args: readonly string[]) =>
    promisify(execFile)(PULUMI, ['--non-interactive', ...args], { cwd: folder, env });
  await pulumi('stack', 'init', 'dev');
  await pulumi('config', 'set', 'mainstay:sandbox', 'true', '--stack', 'dev');
  for (const [index, { secret }] of spilled.entries())
    await pulumi('config', 'set', '--secret', `secret${index}`, '--stack', 'dev', '--', secret);
  const text = readFileSync(join(folder, 'Pulumi.dev.yaml'), 'utf8');
  rmSync(folder, { recursive: true });
  return text;
}

/** In what forms a text can be found again by whoever looks for it. */
function formsOf(secret: string): readonly string[] {
  const lines = secret.split('\n').filter((line) => line.trim().length >= 8);
  return [
    ...lines.map((line) => line.trim()),
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64'),
    Buffer.from(`ada:${secret}`).toString('base64'),
    Buffer.from(secret).toString('hex'),
    JSON.stringify(JSON.stringify(secret).slice(1, -1)).slice(1, -1),
  ];
}

async function assertNowhere(estate: Estate, spilled: readonly Spill[]): Promise<void> {
  await delay(200);
  const places = [
    { name: 'what the runner says', text: estate.said() },
    ...(await answersOf(estate)),
    ...(await notesOf(estate)),
    ...(await tablesOf(estate)),
    ...filesOf(join(estate.folder, 'data')),
  ];
  for (const { secret, leaks } of spilled)
    for (const form of formsOf(secret))
      for (const { name, text } of places) {
        if (BY_REQUEST.test(name) && leaks.some((leak) => ASKED_FOR.includes(leak))) continue;
        const at = text.indexOf(form);
        assert.ok(at < 0, `${name} shows ${JSON.stringify(form)}: …${text.slice(Math.max(0, at - 200), at + 200)}…`);
      }
  assert.ok(
    places.some(({ name, text }) => name.startsWith('API events') && text.includes('[secret]')),
    'programs ran',
  );
}

interface Place {
  readonly name: string;
  readonly text: string;
}

/** Everything that the API tells. Texts are compared as they are shown, so the JSON around them is taken off. */
async function answersOf(estate: Estate): Promise<readonly Place[]> {
  const api = estate.api();
  const [runs, changes, rollouts] = await Promise.all([api.runs({ limit: 1000 }), api.changes(), api.rollouts()]);
  const places: Place[] = [];
  const add = (name: string, answer: unknown) =>
    places.push(...textsIn(answer).map((text) => ({ name: `API ${name}`, text })));
  add('status', await api.status());
  add('audit', await api.audit({ limit: 200 }));
  for (const { id } of runs) {
    add(`run ${id}`, await api.run(id));
    const events: unknown[] = [];
    for await (const event of api.runEvents(id, { signal: AbortSignal.timeout(60_000) })) events.push(event);
    add(`events of ${id}`, events);
  }
  for (const { id } of changes) add(`change ${id}`, await api.change(id));
  for (const { id } of rollouts) add(`rollout ${id}`, await api.rollout(id));
  return places;
}

function textsIn(value: unknown): readonly string[] {
  const texts: string[] = [JSON.stringify(value)];
  JSON.parse(JSON.stringify(value), (key, item: unknown) => {
    texts.push(key);
    if (typeof item === 'string') texts.push(item);
    return item;
  });
  return texts;
}

/** The comments and statuses of plain Git. */
async function notesOf({ repository }: Estate): Promise<readonly Place[]> {
  const places: Place[] = [];
  for (const ref of ['mainstay', 'mainstay-status']) {
    const text = await git(repository, 'log', '--all', '--format=%N', `--notes=${ref}`);
    places.push({ name: `notes of ${ref}`, text });
  }
  assert.ok(places.every(({ text }) => text.length > 0));
  return places;
}

/** Every row of every table. */
async function tablesOf(estate: Estate): Promise<readonly Place[]> {
  const folder = join(estate.folder, 'data/postgres');
  const [, , , port] = readFileSync(join(folder, 'data/postmaster.pid'), 'utf8').split('\n');
  const password = readFileSync(join(folder, 'password'), 'utf8');
  const client = new pg.Client({ connectionString: `postgres://mainstay:${password}@127.0.0.1:${port}/postgres` });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('mainstay', 'dbos')",
    );
    assert.ok(tables.length > 10, 'the tables');
    const places: Place[] = [];
    for (const { name } of tables) {
      const { rows } = await client.query<Record<string, unknown>>(`select * from ${name}`);
      for (const row of rows) places.push(...textsIn(row).map((text) => ({ name: `table ${name}`, text })));
    }
    return places;
  } finally {
    await client.end();
  }
}

/** State, history, mirrors and all else; the database's own files too. Checkouts come and go, and have what the mirrors have. */
function filesOf(data: string): readonly Place[] {
  const folders = readdirSync(data).filter((name) => !['work', 'dependencies'].includes(name));
  return folders.flatMap((folder) => placesIn(join(data, folder)));
}

function placesIn(path: string): readonly Place[] {
  try {
    if (!statSync(path).isDirectory()) return [{ name: path, text: readFileSync(path, 'utf8') }];
    return readdirSync(path).flatMap((name) => placesIn(join(path, name)));
  } catch (error) {
    // A file that went away meanwhile shows nothing any more; a socket has no text.
    if (['ENOENT', 'ENXIO'].includes(systemCode(error) ?? '')) return [];
    throw error;
  }
}
