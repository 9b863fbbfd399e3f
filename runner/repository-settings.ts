import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import type { Environment } from '../foundation/environment.ts';
import { formatPlace, messageOf, userError } from '../foundation/errors.ts';
import { redactor } from '../foundation/redact.ts';
import { accessOf } from './core/access.ts';
import type { GivenGrant } from './core/account.ts';
import { grantSettings } from './core/grant-settings.ts';
import { type RunnerPolicySettings, runnerPolicySettings } from './core/policy-settings.ts';
import { type Mistake, mistakeLines, mistakesOf, strict, unknownName } from './core/settings-mistakes.ts';
import { type SignOnSettings, signOnSettings } from './core/sign-on-settings.ts';
import type { Credentials } from './engines/engine-environment.ts';
import type { RegistryAccount } from './images/registry.ts';
import { channelSettings } from './notify/channel-settings.ts';
import type { ChannelSettings } from './notify/channels.ts';

/** A secret is never in the file itself: the file says where it is. */
const secret = z.union(
  [
    strict({ env: z.string().regex(/^[A-Za-z_]\w*$/, 'is no name of a variable') }),
    strict({ file: z.string().min(1) }),
  ],
  { error: 'has to say where it is: {env: NAME} or {file: path}. It is not written here itself' },
);

const common = {
  name: z
    .string()
    .regex(/^[\w.-]+$/, 'may have letters, digits, dots, dashes and underscores')
    .describe('What the runner calls it.'),
  base: z.string().min(1).default('main').describe('The branch whose head is what runs.'),
};
const address = z
  .string()
  .regex(/^https?:\/\/[^/?#\s@]+(\/[^?#\s]*[^/?#\s])?$/, 'is no address as in https://git.example.org');
const atForge = {
  ...common,
  repository: z.string().regex(/^[^/\s]+(\/[^/\s]+)+$/, 'is no owner/name'),
  webhookSecret: secret.optional().describe('What the forge signs deliveries with. Without it there is polling alone.'),
};

const repository = z.discriminatedUnion('forge', [
  strict({
    ...common,
    forge: z.literal('plain-git'),
    url: z.string().min(1).describe('A path, or any address that git takes.'),
  }),
  strict({ ...atForge, forge: z.literal('gitea'), url: address, token: secret }),
  strict({ ...atForge, forge: z.literal('gitlab'), url: address.default('https://gitlab.com'), token: secret }),
  strict({
    ...atForge,
    forge: z.literal('github'),
    url: address.default('https://github.com'),
    token: secret.optional(),
    app: strict({ id: z.union([z.string(), z.number()]).transform(String), privateKey: secret }).optional(),
  }).refine(({ token, app }) => (token === undefined) !== (app === undefined), 'needs a token or an app, one of them'),
]);

const variable = z.union([secret, strict({ value: z.string() })], {
  error: 'has to say where it is: {env: NAME}, {file: path}, or {value: text} for what is no secret',
});

const credentials = strict({
  name: z.string().min(1).describe('What `credentials` of a stack in mainstay.yaml names.'),
  repositories: z.array(z.string().min(1)).optional().describe('Whose stacks may name them. Default: all.'),
  variables: z
    .record(z.string().regex(/^[A-Za-z_]\w*$/, 'is no name of a variable'), variable)
    .describe('What programs and providers see.'),
});

const registry = strict({
  host: z
    .string()
    .regex(/^[a-z0-9.-]+(:\d+)?$/, 'is no host as in registry.example or registry.example:5000')
    .describe('As in the names of its images: `registry.example`.'),
  username: z.string().min(1).optional(),
  password: secret.optional().describe('A password, or a token that may read.'),
  insecure: z.boolean().default(false).describe('Speak HTTP without TLS. For a registry on this machine.'),
  repositories: z.array(z.string().min(1)).optional().describe('Whose images may be asked for with it. Default: all.'),
}).refine(
  ({ username, password }) => (username === undefined) === (password === undefined),
  'needs both username and password, or none',
);

const channel = channelSettings(secret);

const schema = strict({
  repositories: z.array(repository).min(1),
  credentials: z.array(credentials).default([]),
  registries: z
    .array(registry)
    .default([])
    .describe('Registries of images that are built elsewhere. One that is open to everybody needs no entry.'),
  policies: z
    .array(runnerPolicySettings)
    .default([])
    .describe('Policy packs on this machine that stacks have to come through, whatever their repositories say.'),
  notifications: z.array(channel).default([]).describe('Who is told what, and where.'),
  access: strict({
    signIn: signOnSettings(secret)
      .optional()
      .describe('Single sign-on by OpenID Connect. Default: one-time links alone.'),
    grants: z
      .array(grantSettings)
      .default([])
      .describe('Who may do what, beside what accounts are given in the console.'),
  })
    .prefault({})
    .describe('Who may sign in, and do what.'),
});

/** For the JSON schema that editors complete from. */
export { schema as runnerFileSchema };

type Read<T> =
  T extends z.output<typeof secret> ? string : T extends object ? { readonly [K in keyof T]: Read<T[K]> } : T;

/** A repository as the runner's file says, with its secrets read. */
export type RepositorySettings = Read<z.output<typeof repository>>;

/** The runner's own file, with its secrets read. */
export interface RunnerFile {
  readonly repositories: readonly RepositorySettings[];
  readonly credentials: readonly Credentials[];
  readonly registries: readonly RegistryAccount[];
  /** With absolute folders. */
  readonly policies: readonly RunnerPolicySettings[];
  readonly notifications: readonly ChannelSettings[];
  readonly access: {
    readonly grants: readonly GivenGrant[];
    readonly signIn?: SignOnSettings | undefined;
  };
}

/**
 * Reads the runner's own file: which repositories it watches, and at which forges, and who is told what. Throws one user error with every mistake and its
 * place. Every secret that it names is known to the redactor then.
 */
export function readRunnerFile(file: string, environment: Environment): RunnerFile {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw userError(`Cannot read the runner's file as ${messageOf(error)}. Set MAINSTAY_CONFIG to one that is there.`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [broken] = document.errors;
  if (broken) {
    const { line, col } = broken.linePos?.[0] ?? { line: 1, col: 1 };
    throw userError(`Cannot read the runner's file as it is no YAML: ${broken.message.split('\n')[0]}. Correct it.`, {
      place: { file, line, column: col },
    });
  }
  const value: unknown = document.toJS();
  const parsed = schema.safeParse(value);
  const mistakes: Mistake[] = parsed.success ? [] : [...mistakesOf(parsed.error, value)];
  const { policies = [], ...rest } = parsed.data ?? {};
  const read = parsed.success ? secretsRead(rest, { environment, file, mistakes, path: [] }) : undefined;
  const packs = policies.map((pack) => ({ ...pack, folder: resolve(dirname(file), pack.folder) }));
  if (parsed.success) mistakes.push(...contradictions(parsed.data), ...missingPacks(packs));
  if (read !== undefined) mistakes.push(...badAddresses(read as RunnerFile));
  if (mistakes.length > 0)
    throw userError(
      `Cannot use the runner's file as it has mistakes:\n${mistakeLines(mistakes, { file, document, lines }).join('\n')}\nCorrect them: ${formatPlace({ file })}`,
    );
  return { ...(read as Omit<RunnerFile, 'policies'>), policies: packs };
}

function missingPacks(packs: readonly RunnerPolicySettings[]): readonly Mistake[] {
  return packs.flatMap(({ folder }, index) =>
    existsSync(join(folder, 'PulumiPolicy.yaml'))
      ? []
      : [{ path: ['policies', index, 'folder'], message: `has no PulumiPolicy.yaml: ${folder}` }],
  );
}

function contradictions({
  repositories,
  credentials: sets,
  registries,
  policies,
  notifications,
  access,
}: z.output<typeof schema>): readonly Mistake[] {
  const known = repositories.map(({ name }) => name);
  const unknown = Object.entries({ credentials: sets, registries, policies }).flatMap(([list, each]) =>
    each.flatMap((set, index) =>
      (set.repositories ?? []).flatMap((name, place) =>
        known.includes(name)
          ? []
          : [{ path: [list, index, 'repositories', place], message: `${name} ${unknownName(name, known)}` }],
      ),
    ),
  );
  const nowhere = access.grants.flatMap(({ repositories: patterns = [] }, index) =>
    patterns.flatMap((pattern, place) =>
      known.some((name) => accessOf([{ role: 'viewer', repositories: [pattern] }]).may('read', { repository: name }))
        ? []
        : [
            {
              path: ['access', 'grants', index, 'repositories', place],
              message: `${pattern} ${unknownName(pattern, known)}`,
            },
          ],
    ),
  );
  return [
    ...nowhere,
    ...sameNames('repositories', repositories),
    ...sameNames('credentials', sets),
    ...sameNames('notifications', notifications),
    ...unknown,
  ];
}

/** The address is a secret: it is not shown. */
function badAddresses({ notifications }: RunnerFile): readonly Mistake[] {
  return notifications.flatMap((each, index) =>
    each.kind === 'email' || each.url === '' || (URL.canParse(each.url) && /^https?:/.test(each.url))
      ? []
      : [{ path: ['notifications', index, 'url'], message: 'is no address as in https://hooks.example.org/…' }],
  );
}

function sameNames(list: string, named: readonly { readonly name: string }[]): readonly Mistake[] {
  return named.flatMap(({ name }, index) =>
    named.findIndex((other) => other.name === name) < index
      ? [{ path: [list, index, 'name'], message: `${JSON.stringify(name)} is the name of another one too` }]
      : [],
  );
}

interface Reading {
  readonly environment: Environment;
  readonly file: string;
  readonly mistakes: Mistake[];
  readonly path: readonly PropertyKey[];
}

/** The same value with each `{env}` and `{file}` in it replaced by the secret; what cannot be read is a mistake of its place. */
function secretsRead(value: unknown, reading: Reading): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value))
    return value.map((inner: unknown, index) => secretsRead(inner, { ...reading, path: [...reading.path, index] }));
  if ('value' in value && typeof value.value === 'string' && Object.keys(value).length === 1) return value.value;
  if (secret.safeParse(value).success) return readSecret(value as z.output<typeof secret>, reading);
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      secretsRead(inner, { ...reading, path: [...reading.path, key] }),
    ]),
  );
}

function readSecret(where: z.output<typeof secret>, { environment, file, mistakes, path }: Reading): string {
  let text = '';
  if ('env' in where) {
    text = environment[where.env] ?? '';
    if (text === '') mistakes.push({ path, message: `is not in the environment: set ${where.env}` });
  } else {
    const place = isAbsolute(where.file) ? where.file : resolve(file, '..', where.file);
    try {
      text = readFileSync(place, 'utf8').trim();
    } catch (error) {
      mistakes.push({ path, message: `cannot be read: ${messageOf(error)}` });
    }
  }
  if (text !== '') redactor.add(text);
  return text;
}
