import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { COMPONENTS } from '../runner/api/openapi.ts';
import { type ApiServer, startApiServer } from '../test/api-server.ts';
import { BASE, fillEstate } from '../test/console-fixture.ts';
import { PACKAGE_FOLDER } from './data-folder.ts';
import { JSON_SHAPES } from './json-shapes.ts';
import { createProgram } from './program.ts';

/** Every command that asks a runner, on the real server and database. */
let server: ApiServer;
let folder: string;
const ROLLOUT = `estate@${BASE}`;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mainstay-commands-'));
  server = await startApiServer();
  await fillEstate(server);
  const account = { id: 'ada', name: 'Ada', grants: [{ role: 'owner' }] } as const;
  await server.accounts.add(account);
});

after(async () => {
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Finished {
  readonly code: number | undefined;
  readonly output: string;
  readonly errors: string;
}

/** The command as a process of its own, by default asking our server. */
function mainstay(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = asking(),
): Promise<Finished> {
  const child = spawn(process.execPath, [join(PACKAGE_FOLDER, 'cli/main.ts'), ...args], {
    env: { PATH: process.env.PATH, HOME: folder, MAINSTAY_DATA: join(folder, 'data'), ...environment },
  });
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  return new Promise((done) => child.once('close', (code) => done({ code: code ?? undefined, output, errors })));
}

function asking(token = server.token): Readonly<Record<string, string>> {
  return { MAINSTAY_URL: server.url, MAINSTAY_TOKEN: token };
}

const READING: readonly (readonly [args: readonly string[], schema: string, code?: number])[] = [
  [['status'], 'Status', 3],
  [['status', 'dev'], 'Stack', 3],
  [['runs'], 'Run[]'],
  [['runs', '--stack', 'dev', '--kind', 'update', '--state', 'succeeded', '--limit', '1'], 'Run[]'],
  [['runs', 'u-1'], 'RunDetail'],
  [['changes'], 'Change[]'],
  [['changes', 'estate/more-replicas'], 'ChangeDetail'],
  [['rollouts'], 'Rollout[]'],
  [['rollouts', ROLLOUT], 'RolloutDetail'],
  [['audit'], 'AuditEntry[]'],
  [['audit', '--subject', ROLLOUT, '--limit', '1'], 'AuditEntry[]'],
  [['settings'], 'Settings[]'],
  [['settings', 'estate'], 'Settings'],
  [['environments'], 'Environment[]'],
  [['environments', 'more-replicas'], 'Environment[]'],
  [['drift'], 'Drift[]', 3],
  [['drift', 'dev'], 'Drift[]', 3],
  [['token', 'robot'], 'AccessToken'],
  [['tokens'], 'AccessToken[]'],
  [['accounts'], 'Account[]'],
  [['whoami'], 'Session'],
];

test('prints with --json what the reference says, by the schemas of the API', async () => {
  for (const [args, shape, code = 0] of READING) {
    const finished = await mainstay([...args, '--json']);
    assert.deepEqual([finished.code, finished.errors], [code, ''], args.join(' '));
    const value: unknown = JSON.parse(finished.output);
    const schema = COMPONENTS[shape.replace('[]', '')]!;
    const values = shape.endsWith('[]') ? (value as readonly unknown[]) : [value];
    assert.ok(values.length > 0, args.join(' '));
    for (const each of values) schema.parse(each);
    assert.ok(
      JSON_SHAPES[args[0]!]!.some((said) => said.startsWith(shape)),
      `${args.join(' ')}: ${shape}`,
    );
  }
  for (const [args, keys] of [
    [['why', 'dev'], 'base changes rollouts runs stack'],
    [['diff', 'more-replicas'], 'steps title'],
    [['diff', 'dev'], 'steps title'],
    [['sign-in'], 'expiresAt url'],
    [['doctor'], 'state text what'],
  ] as const) {
    const value = JSON.parse((await mainstay([...args, '--json'])).output) as object;
    assert.equal(
      Object.keys(Array.isArray(value) ? value[0] : value)
        .sort()
        .join(' '),
      keys,
      args.join(' '),
    );
  }
  const logs = await mainstay(['logs', 'u-2', '--json']);
  for (const line of logs.output.trim().split('\n')) COMPONENTS.RunEvent!.parse(JSON.parse(line));
  assert.equal(logs.code, 0, 'a run that goes on is told as far as it is');
});

test('does what it is asked to, and says in the trail for whom', async () => {
  const did = async (...args: readonly string[]) => {
    const { code, output, errors } = await mainstay([...args, '--as', 'grace', '--json']);
    assert.deepEqual([code, errors], [0, ''], args.join(' '));
    return JSON.parse(output) as Record<string, unknown>;
  };
  assert.deepEqual(await did('approve', ROLLOUT, '--reason', 'seen'), { did: 'approve', id: ROLLOUT });
  assert.deepEqual(await did('cancel', 'u-2'), { did: 'cancel', id: 'u-2' });
  assert.deepEqual(await did('sync'), { did: 'sync' });
  assert.deepEqual(await did('environment', 'down', 'more-replicas'), {
    did: 'environment down',
    id: 'estate/more-replicas',
  });
  assert.deepEqual(await did('unlock', 'dev'), { stack: 'shop/dev', done: 'nothing was left' });
  assert.equal((await did('rollback', 'dev', '--to', 'c0ffee', '--reason', 'bad')).change, 'revert-1');
  await mainstay(['token', 'short']);
  assert.equal((await did('remove-token', 'short')).did, 'remove-token');
  const told = JSON.stringify(server.told);
  for (const each of ['decideRollout', 'cancelRun', 'askForEnvironment', 'unlock', 'rollBack'])
    assert.match(told, new RegExp(`"${each}"[^\\]]*"by":"grace","via":"this machine"`));
});

test('makes an account, gives it roles, takes them back, and removes it', async () => {
  const did = async (...args: readonly string[]) => {
    const { code, output, errors } = await mainstay(args);
    assert.deepEqual([code, errors], [0, ''], args.join(' '));
    return output.trim();
  };
  const scope = ['--repository', 'estate', '--environment', 'dev', 'staging'];
  assert.match(await did('add-account', 'Hedy', '--role', 'operator', ...scope), /\/sign-in#link_[\w-]{43}$/);
  assert.match(
    await did('grant', 'Hedy', '--role', 'viewer'),
    /^Hedy +\S+ +operator of estate in dev, staging; viewer$/,
  );
  assert.match(await did('revoke', 'Hedy', '--role', 'operator'), /^Hedy +\S+ +viewer$/);
  assert.match(await did('sign-in', 'Hedy'), /\/sign-in#link_/);
  assert.match(await did('accounts'), /^Hedy .* viewer$/m);
  assert.match(await did('token', 'narrow', '--role', 'approver', '--stack', 'shop/*'), /^mainstay_/);
  assert.match(await did('tokens'), /^narrow +\S+ +approver for shop\/\* +never used/m);
  await did('remove-account', 'Hedy');
  const { code, errors } = await mainstay(['grant', 'Hedy', '--role', 'viewer']);
  assert.equal(code, 1);
  assert.match(errors, /^Cannot find the account as there is none: Hedy\. There is: Ada\./);
});

test('says in a line or two what is wrong and what to do, with the exit code that is documented', async () => {
  const lines = ({ errors }: Finished) => errors.trim().split('\n').length;
  const refused = async (code: number, pattern: RegExp, args: readonly string[], environment = asking()) => {
    const finished = await mainstay(args, environment);
    assert.equal(finished.code, code, `${args.join(' ')}: ${finished.errors}`);
    assert.match(finished.errors, pattern);
    assert.ok(lines(finished) <= 2, finished.errors);
    assert.equal(finished.output, '', 'nothing stands where results do');
  };
  await refused(1, /^Cannot ask the runner as none was started here\. Start it with `npm start`/, ['status'], {});
  await refused(75, /^Cannot reach the runner as .*Start it/, ['runs'], { MAINSTAY_URL: 'http://127.0.0.1:9' });
  await refused(
    1,
    /^Cannot answer as the token is unknown or has expired\. Make a new one\./,
    ['status'],
    asking('wrong'),
  );
  await refused(1, /^Cannot answer as nobody is signed in\. .*Authorization/, ['runs'], { MAINSTAY_URL: server.url });
  await refused(1, /no stack of that name: prd\. Did you mean prod\?/, ['why', 'prd']);
  await refused(1, /Cannot show the run as there is none: u-404/, ['logs', 'u-404']);
  await refused(1, /Cannot show the run as there is none: u-404/, ['cancel', 'u-404']);
  await refused(1, /it has ended: u-1 is succeeded/, ['cancel', 'u-1']);
  await refused(1, /as there is none: nothing\. See `mainstay tokens`/, ['remove-token', 'nothing']);
  await refused(1, /the way is not from→to: dev\. Write it as in dev→staging/, ['promote', 'web', 'dev']);
  await refused(2, /unknown command 'previw'\n\(Did you mean preview\?\)/, ['previw']);
  await refused(2, /missing required argument 'run'/, ['cancel']);
  await refused(2, /unknown option '--jsn'/, ['status', '--jsn']);
  await refused(2, /'--kind <kind>' argument 'up' is invalid\. Allowed choices are preview/, ['runs', '--kind', 'up']);
  await refused(2, /'--limit <count>' argument 'many' is invalid\. Give a whole number from 1 to 1000/, [
    'runs',
    '--limit',
    'many',
  ]);
  await refused(2, /Allowed choices are viewer, operator, approver, owner/, ['token', 'x', '--role', 'king']);
  await refused(2, /required option '--to <commit>' not specified/, ['rollback', 'dev', '--reason', 'x']);
});

test('ends with 130 by Ctrl-C while it follows, and well when its reader has seen enough', async () => {
  const env = { PATH: process.env.PATH, HOME: folder, ...asking() };
  const main = join(PACKAGE_FOLDER, 'cli/main.ts');
  await server.store.runs.add({
    ...{ id: 'u-9', repository: 'estate', stack: 'shop/dev', kind: 'update', change: undefined, rollout: undefined },
    ...{ commit: BASE, reasons: [] },
  });
  await server.store.runs.addEvents('u-9', [{ kind: 'log', severity: 'info', text: 'hello' }]);
  const following = spawn(process.execPath, [main, 'logs', '-f', 'u-9'], { env });
  following.stdout.once('data', () => following.kill('SIGINT'));
  const code = await new Promise((done) => following.once('close', done));
  assert.equal(code, 130);
  const piped = spawn('bash', ['-c', `set -o pipefail; "${process.execPath}" "${main}" audit --limit 1000 | head -0`], {
    env,
  });
  let errors = '';
  piped.stderr.on('data', (text) => {
    errors += String(text);
  });
  await new Promise((done) => piped.once('close', done));
  assert.equal(errors, '', 'a pipe that is closed is no mistake of ours');
});

test('has colours on a terminal, none where NO_COLOR asks for none, and plain lines in a pipe', async (context) => {
  const on = async (environment: Readonly<Record<string, string>>) => {
    const command = `"${process.execPath}" "${join(PACKAGE_FOLDER, 'cli/main.ts')}" status`;
    const env = { PATH: process.env.PATH, HOME: folder, TERM: 'xterm', ...asking(), ...environment };
    const child = spawn('script', ['-qec', command, '/dev/null'], { env });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await new Promise((done, fail) => child.once('close', done).once('error', fail));
    return said;
  };
  const colour = '\u001b[';
  const coloured = await on({}).catch(() => undefined);
  if (coloured === undefined) return context.skip('script(1) is not here');
  assert.ok(coloured.includes(`${colour}32maligned`), coloured);
  const plain = await on({ NO_COLOR: '1' });
  assert.ok(plain.includes('aligned') && !plain.includes(colour), plain);
  const piped = await mainstay(['status']);
  assert.ok(!piped.output.includes(colour), piped.output);
});

test('the reference has a shape for every command that prints JSON', () => {
  const { length } = createProgram().commands.filter(({ options }) => options.some(({ long }) => long === '--json'));
  const others = [
    'approve',
    'reject',
    'give-up',
    'break-glass',
    'retry',
    'cancel',
    'sync',
    'remove-token',
    'remove-account',
    'environment',
  ];
  assert.equal(Object.keys(JSON_SHAPES).length - 1 + others.length, length);
});
