import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { redactor } from '../foundation/redact.ts';
import { NOTICE_KINDS } from './core/notice.ts';
import { readRunnerFile } from './repository-settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'mainstay-runner-file-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function read(text: string, environment: Readonly<Record<string, string>> = {}) {
  const file = join(folder, 'runner.yaml');
  writeFileSync(file, text);
  return readRunnerFile(file, environment);
}

function mistake(text: string, environment?: Readonly<Record<string, string>>): string {
  try {
    read(text, environment);
  } catch (error) {
    return (error as Error).message.replaceAll(folder, '');
  }
  throw new Error('no mistake was found');
}

test('reads repositories of every forge, their secrets from the environment or a file beside it', () => {
  writeFileSync(join(folder, 'key.pem'), 'the-private-key\n');
  const found = read(
    `repositories:
  - {name: a, forge: plain-git, url: /srv/git/a.git}
  - {name: b, forge: gitea, url: "https://git.example.org", repository: shop/b, token: {env: TOKEN}, webhookSecret: {env: HOOK}}
  - {name: c, forge: github, repository: shop/c, base: trunk, app: {id: 12, privateKey: {file: key.pem}}}
  - {name: d, forge: gitlab, repository: group/sub/d, token: {env: TOKEN}}
`,
    { TOKEN: 'the-token-of-b', HOOK: 'the-secret-of-b' },
  );
  assert.deepEqual(found.repositories, [
    { name: 'a', forge: 'plain-git', url: '/srv/git/a.git', base: 'main' },
    {
      ...{ name: 'b', forge: 'gitea', url: 'https://git.example.org', repository: 'shop/b', base: 'main' },
      ...{ token: 'the-token-of-b', webhookSecret: 'the-secret-of-b' },
    },
    {
      ...{ name: 'c', forge: 'github', url: 'https://github.com', repository: 'shop/c', base: 'trunk' },
      app: { id: '12', privateKey: 'the-private-key' },
    },
    {
      ...{ name: 'd', forge: 'gitlab', url: 'https://gitlab.com', repository: 'group/sub/d', base: 'main' },
      token: 'the-token-of-b',
    },
  ]);
  for (const secret of ['the-token-of-b', 'the-secret-of-b', 'the-private-key']) assert.ok(redactor.contains(secret));
});

test('says every mistake with its place, and never a token that was written into the file', () => {
  const text = mistake(`repositories:
  - {name: a, forge: gitae, url: x}
  - name: b
    forge: gitea
    url: git.example.org
    repository: shop
    token: glpat-written-here
    tokn: 1
`);
  for (const [at, what] of [
    ['2:22', /gitea/],
    ['5:10', /is no address/],
    ['6:17', /is no owner\/name/],
    ['7:12', /has to say where it is/],
    ['8:5', /is unknown. Did you mean token/],
  ] as const)
    assert.match(text, new RegExp(`/runner.yaml:${at} .*${what.source}`), text);
  assert.doesNotMatch(text, /glpat-written-here/);
});

test('says which variable or file of a secret is not there, and which names are twice', () => {
  const text = mistake(`repositories:
  - {name: a, forge: gitlab, repository: g/r, token: {env: NOT_SET}}
  - {name: a, forge: gitlab, repository: g/r, token: {file: not-there}}
`);
  assert.match(text, /2:54 repositories.0.token is not in the environment: set NOT_SET/);
  assert.match(text, /3:54 repositories.1.token cannot be read: ENOENT/);
  assert.match(text, /3:12 repositories.1.name "a" is the name of another one too/);
});

test('reads who is told what, with secrets, and says what is wrong with it', () => {
  const one = 'repositories: [{name: a, forge: plain-git, url: /srv/git/a.git}]\n';
  const file = join(folder, 'told.yaml');
  const whole = (text: string) => {
    writeFileSync(file, `${one}${text}`);
    return readRunnerFile(file, { URL: 'https://hooks.example.org/T0/B0', KEY: 'the-signing-key', BAD: 'hooks' });
  };
  const { notifications, repositories } = whole(`notifications:
  - {name: ops, kind: slack, url: {env: URL}, on: [run-failed, break-glass]}
  - {name: hook, kind: webhook, url: {env: URL}, secret: {env: KEY}, everySeconds: 60}
`);
  assert.equal(repositories.length, 1);
  const url = 'https://hooks.example.org/T0/B0';
  assert.deepEqual(notifications, [
    { name: 'ops', kind: 'slack', url, on: ['run-failed', 'break-glass'], everySeconds: 10 },
    { name: 'hook', kind: 'webhook', url, secret: 'the-signing-key', on: [...NOTICE_KINDS], everySeconds: 60 },
  ]);
  assert.deepEqual([redactor.redact(url), redactor.redact('the-signing-key')], ['[secret]', '[secret]']);
  for (const [text, what] of [
    ['[{name: a, kind: pager, url: {env: URL}}]', /2:\d+ .*notifications\.0\.kind.*pager/],
    ['[{name: a, kind: slack, url: "https://hooks.example.org/T0"}]', /notifications\.0\.url has to say where it is/],
    ['[{name: a, kind: slack, url: {env: BAD}}]', /notifications\.0\.url is no address/],
    ['[{name: a, kind: webhook, url: {env: URL}}]', /notifications\.0.*secret/],
    ['[{name: a, kind: slack, url: {env: URL}, on: [drift]}]', /notifications\.0\.on/],
    [
      '[{name: a, kind: slack, url: {env: URL}}, {name: a, kind: slack, url: {env: URL}}]',
      /the name of another one too/,
    ],
  ] as const)
    assert.throws(() => whole(`notifications: ${text}\n`), what);
});

test('asks for one way to sign in to GitHub', () => {
  const github = (more: string) => `repositories: [{name: a, forge: github, repository: o/r${more}}]\n`;
  const both = ', token: {env: T}, app: {id: 1, privateKey: {env: T}}';
  for (const text of [github(''), github(both)])
    assert.match(mistake(text, { T: 'tttt' }), /a token or an app, one of them/);
});

test('says where the file is no YAML, and that it is not there', () => {
  assert.match(mistake('repositories: [\n'), /runner\.yaml:\d+:\d+ Cannot read the runner's file as it is no YAML/);
  assert.throws(() => readRunnerFile(join(folder, 'other.yaml'), {}), /Set MAINSTAY_CONFIG/);
});

test('reads credentials by name, and says what they may not be', () => {
  const repositories = 'repositories:\n  - {name: a, forge: plain-git, url: /srv/git/a.git}\n';
  const { credentials } = read(
    `${repositories}credentials:
  - {name: reader, repositories: [a], variables: {CLOUD_KEY: {env: KEY}, CLOUD_REGION: {value: north}, value: {value: x}}}
`,
    { KEY: 'the-key-of-the-reader' },
  );
  const variables = { CLOUD_KEY: 'the-key-of-the-reader', CLOUD_REGION: 'north', value: 'x' };
  assert.deepEqual(credentials, [{ name: 'reader', repositories: ['a'], variables }]);
  assert.ok(redactor.contains('the-key-of-the-reader'));
  const wrong = mistake(`${repositories}credentials:
  - {name: reader, repositories: [b], variables: {}}
  - {name: reader, variables: {CLOUD_KEY: {env: NOT_THERE}}}
`);
  for (const part of [
    /runner\.yaml:4:35 credentials\.0\.repositories\.0 b is unknown/,
    /runner\.yaml:5:12 credentials\.1\.name "reader" is the name of another one too/,
    /runner\.yaml:5:\d+ credentials\.1\.variables\.CLOUD_KEY is not in the environment: set NOT_THERE/,
  ])
    assert.match(wrong, part);
  assert.match(
    mistake(`${repositories}credentials:\n  - {name: a, variables: {KEY: s3cret}}\n`),
    /has to say where it is/,
  );
});

test('reads registries with their passwords, and says what is wrong with them', () => {
  const repositories = 'repositories: [{name: a, forge: plain-git, url: /srv/a.git}]\n';
  const found = read(
    `${repositories}registries:\n  - {host: "registry.example:5000", username: reader, password: {env: WORD}, repositories: [a]}\n`,
    { WORD: 'the-word-of-the-reader' },
  );
  assert.deepEqual(found.registries, [
    {
      ...{ host: 'registry.example:5000', username: 'reader', password: 'the-word-of-the-reader' },
      ...{ insecure: false, repositories: ['a'] },
    },
  ]);
  assert.ok(redactor.contains('the-word-of-the-reader'));
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['{host: "https://registry.example"}', /is no host as in registry\.example/],
    ['{host: registry.example, username: reader}', /needs both username and password, or none/],
    ['{host: registry.example, username: reader, password: word-in-it}', /has to say where it is/],
    ['{host: registry.example, repositories: [b]}', /b is unknown/],
  ];
  for (const [text, error] of wrong) {
    const said = mistake(`${repositories}registries: [${text}]\n`);
    assert.match(said, error);
    assert.match(said, /2:\d+/);
    assert.doesNotMatch(said, /word-in-it/);
  }
});

const ONE = 'repositories:\n  - {name: shop, forge: plain-git, url: /srv/shop.git}\n';

test('reads who may do what, and where people sign in', () => {
  const found = read(
    `${ONE}access:
  signIn: {issuer: "https://id.example.org/realms/company", clientId: mainstay, clientSecret: {env: OIDC_SECRET}, session: 1h}
  grants:
    - {role: owner, groups: [platform], accounts: [Ada]}
    - {role: operator, emails: [hedy@example.org], repositories: [sh*], environments: [dev]}
`,
    { OIDC_SECRET: 'the-secret-of-the-client' },
  );
  assert.deepEqual(found.access.grants, [
    { role: 'owner', groups: ['platform'], accounts: ['Ada'] },
    { role: 'operator', emails: ['hedy@example.org'], repositories: ['sh*'], environments: ['dev'] },
  ]);
  assert.deepEqual(found.access.signIn, {
    ...{ issuer: 'https://id.example.org/realms/company', clientId: 'mainstay' },
    ...{ clientSecret: 'the-secret-of-the-client', scopes: ['openid', 'profile', 'email'] },
    ...{ groupsClaim: 'groups', nameClaim: 'preferred_username', session: 3_600_000, tokens: 30 * 86_400_000 },
  });
  assert.ok(redactor.contains('the-secret-of-the-client'));
  assert.deepEqual(read(ONE).access, { grants: [] });
});

test('refuses grants that are nobody’s, of nothing, or that take away, and a provider that anybody on the way could play', () => {
  const text = mistake(`${ONE}access:
  signIn: {issuer: "http://id.example.org", clientId: mainstay, clientSecret: plain, scopes: [profile], session: 1s}
  grants:
    - {role: king, groups: [a]}
    - {role: viewer}
    - {role: viewer, groups: [a], stacks: ["!prod"]}
    - {role: viewer, groups: []}
`);
  for (const part of [
    /:4:\d+ access\.signIn\.issuer \S+ has to begin with https:\/\//,
    /access\.signIn\.clientSecret has to say where it is/,
    /access\.signIn\.scopes has to have openid/,
    /access\.signIn\.session \S+ has to be between 1m and 30d/,
    /:6:\d+ access\.grants\.0\.role /,
    /:7:\d+ access\.grants\.1 is nobody’s: add accounts, groups or emails/,
    /:8:\d+ access\.grants\.2\.stacks\.0 \S+ may not begin with !/,
    /:9:\d+ access\.grants\.3\.groups /,
  ])
    assert.match(text, part);
  assert.doesNotMatch(text, /Secret.*plain\b/, 'a secret that was written there is not shown');
  const unknown = mistake(`${ONE}access:\n  grants:\n    - {role: viewer, groups: [a], repositories: [shpo]}\n`);
  assert.match(unknown, /access\.grants\.0\.repositories\.0 .*shpo.* is unknown\. Did you mean shop\?/);
});

test('reads a channel of e-mail, and refuses one that would show its password or has no address', () => {
  const email = 'kind: email, host: smtp.example.org, from: "Mainstay <m@example.org>"';
  const found = read(
    `${ONE}notifications:\n  - {name: people, ${email}, to: [ada@example.org], username: m, password: {env: SMTP}}\n`,
    { SMTP: 'the-password-of-the-mail' },
  );
  const { on: _, ...rest } = found.notifications[0]!;
  assert.deepEqual(rest, {
    ...{ name: 'people', kind: 'email', everySeconds: 10, host: 'smtp.example.org', tls: 'starttls' },
    ...{
      username: 'm',
      password: 'the-password-of-the-mail',
      from: 'Mainstay <m@example.org>',
      to: ['ada@example.org'],
    },
  });
  assert.ok(redactor.contains('the-password-of-the-mail'));
  const text = mistake(
    `${ONE}notifications:
  - {name: a, ${email}, to: [ada]}
  - {name: b, ${email}, to: []}
  - {name: c, ${email}, to: [a@b.example], tls: none, username: m, password: {env: SMTP}}
  - {name: d, ${email}, to: ["a@b.example, c@d.example"]}
  - {name: e, ${email}, to: [a@b.example], username: m}
  - {name: f, ${email}, to: [a@b.example], url: {env: SMTP}}
`,
    { SMTP: 'x' },
  );
  for (const part of [
    /:4:\d+ notifications\.0\.to\.0 \S+ is no address/,
    /:5:\d+ notifications\.1\.to /,
    /:6:\d+ notifications\.2\.tls \S+ would send the password in the clear/,
    /:7:\d+ notifications\.3\.to\.0 .* is no address/,
    /:8:\d+ notifications\.4 has to have both, a username and a password, or neither/,
    /:9:\d+ notifications\.5\.url /,
  ])
    assert.match(text, part);
});

test('reads policy packs from the folder of the file, their configuration as it stands, and says which are not there', () => {
  const repositories = 'repositories: [{name: a, forge: plain-git, url: /srv/a.git}]\n';
  mkdirSync(join(folder, 'company'), { recursive: true });
  writeFileSync(join(folder, 'company/PulumiPolicy.yaml'), 'runtime: nodejs\n');
  const config = '{size: {maximum: 3, env: HOME, value: x}, all: mandatory}';
  const found = read(
    `${repositories}policies:\n  - {folder: company, repositories: [a], stacks: ["prod*"], config: ${config}}\n`,
  );
  assert.deepEqual(found.policies, [
    {
      ...{ folder: join(folder, 'company'), repositories: ['a'], stacks: ['prod*'] },
      config: { size: { maximum: 3, env: 'HOME', value: 'x' }, all: 'mandatory' },
    },
  ]);
  assert.match(
    mistake(`${repositories}policies: [{folder: compani}]\n`),
    /2:\d+.*has no PulumiPolicy\.yaml: \/compani/,
  );
  assert.match(mistake(`${repositories}policies: [{folder: company, repositories: [b]}]\n`), /b is unknown/);
});
