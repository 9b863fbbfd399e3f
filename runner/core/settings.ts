import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { formatPlace, userError } from '../../foundation/errors.ts';
import { previewSettings, updateAccessSettings } from './access-settings.ts';
import { driftSettings } from './drift-settings.ts';
import { duration } from './duration.ts';
import { approvalSettings, onFailureSettings, SOAK_AT_MOST, verifySettings } from './gate-settings.ts';
import { policySettings } from './policy-settings.ts';
import { previewEnvironmentSettings, unclearTemplates } from './preview-environment-settings.ts';
import { promotionSettings } from './promotion-settings.ts';
import { type Mistake, mistakeLines, mistakesOf, strict, unknownName } from './settings-mistakes.ts';
import { oncePerTree, type SourceTree } from './source-tree.ts';
import { findStacks, type Stack } from './stack.ts';
import { isPattern } from './stack-patterns.ts';
import { freezeSettings, timeZone, windowSettings } from './window-settings.ts';
import { withinMeasure } from './within-measure.ts';

const environment = strict({
  name: z.string().min(1),
  stacks: z
    .array(z.string().min(1))
    .min(1)
    .describe(
      'Names of stacks (`dev`) or ids (`shop/dev`), or patterns of either (`edge-*`) for those that no environment names.',
    ),
  atOnce: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe(
      'How many of its stacks are updated at once: the next ones begin when these have succeeded. Default: all.',
    ),
  approval: approvalSettings.optional().describe('Who has to approve before it is updated. Default: nobody.'),
  soak: duration({ atMost: SOAK_AT_MOST })
    .prefault('0s')
    .describe('How long the environment before has to have been good.'),
  windows: z.array(windowSettings).default([]).describe('When updates may begin. Default: always.'),
  freezes: z.array(freezeSettings).default([]).describe('When none may, besides those of the file.'),
  verify: z.array(verifySettings).default([]).describe('What shows, after the update, that it works; in this order.'),
  onFailure: onFailureSettings.default('stop'),
});

const stackSettings = strict({
  watches: z
    .array(z.string().min(1))
    .default([])
    .describe(`Further files that the stack depends on, as globs from the repository's root.`),
  dependsOn: z
    .array(z.string().min(1))
    .default([])
    .describe('Stacks whose outputs it reads, by name or id, where no run has shown it yet.'),
  engine: z
    .enum(['embedded', 'official'])
    .optional()
    .describe(`Which engine runs it. Default: the runner's own setting.`),
  drift: driftSettings.optional().describe(`How it is kept as its commit says. Default: the file's own.`),
  preview: previewSettings
    .optional()
    .describe(`What its previews may see and use, as the base branch says. Default: the file's own.`),
  update: updateAccessSettings.optional().describe(`What its updates may see. Default: the file's own.`),
});

const schema = strict({
  environments: z.array(environment).default([]),
  stacks: z
    .record(z.string(), stackSettings)
    .default({})
    .describe(
      'By name, id or pattern (`edge-*`). One entry counts for a stack: its id, else its name, else the first pattern.',
    ),
  drift: driftSettings.prefault({}).describe('The drift settings of stacks that have none of their own.'),
  preview: previewSettings
    .prefault({})
    .describe('What previews of stacks may see and use that have no settings of their own: new ones, too.'),
  update: updateAccessSettings
    .prefault({})
    .describe('What updates of stacks may see that have no settings of their own.'),
  types: z
    .enum(['report', 'block', 'off'])
    .default('report')
    .describe(
      'Whether the types of programs with a tsconfig are checked beside the previews of a change: `report` says what is wrong, `block` fails the change for it.',
    ),
  previewEnvironments: z
    .array(previewEnvironmentSettings)
    .default([])
    .describe('Stacks of which each change gets a running copy of its own, until it is merged or closed.'),
  promotions: z.array(promotionSettings).default([]).describe('Versions that are promoted from stack to stack.'),
  policies: z
    .array(policySettings)
    .default([])
    .describe('Policy packs that previews and updates have to come through, as the base branch has them.'),
  freezes: z.array(freezeSettings).default([]).describe('When nothing is updated anywhere.'),
  teams: z
    .record(z.string(), z.array(z.string().min(1)).min(1))
    .default({})
    .describe('People by team, for `owners`.'),
  timeZone: timeZone.default('UTC').describe('The time zone of windows and freezes that name none.'),
});

/** For the JSON schema that editors complete from (`runner/generate-reference.ts`). */
export { schema as settingsSchema };

/** What a repository tells the runner, in `mainstay.yaml` at its root or in `stacks/`. */
export type Settings = z.output<typeof schema>;
export type EnvironmentSettings = Settings['environments'][number];
export type StackSettings = z.output<typeof stackSettings>;

/** What holds where the settings say nothing. */
export const DEFAULT_STACK_SETTINGS: StackSettings = stackSettings.parse({});
export function defaultEnvironment(name: string, stacks: readonly string[]): EnvironmentSettings {
  return environment.parse({ name, stacks });
}

/** Where the settings may be; the first that exists counts. */
export const SETTINGS_FILES = ['mainstay.yaml', 'mainstay.yml', 'stacks/mainstay.yaml', 'stacks/mainstay.yml'] as const;

/**
 * The settings of a repository, from its *base* branch, as they grant power. Without a file every stack is its own and nothing is asked.
 * Throws one user error that names every mistake with its place, stacks that there are not included.
 */
export const readSettings: (tree: SourceTree) => Promise<Settings> = oncePerTree(async (tree) => {
  const file = SETTINGS_FILES.find((candidate) => tree.files.has(candidate));
  if (file === undefined) return schema.parse({});
  return parseSettings(file, await tree.read(file), await findStacks(tree));
});

/** Reads the text of a settings file. Without `stacks` it is not judged whether the stacks that it names are there. */
export function parseSettings(file: string, text: string, stacks?: readonly Stack[]): Settings {
  const lines = new LineCounter();
  const tooMuch = (why: string) => unusable(`${file} cannot be read`, [why]);
  const document = withinMeasure(() => parseDocument(text, { lineCounter: lines, prettyErrors: false }), tooMuch);
  if (document.errors.length > 0) {
    const broken = document.errors.map((error) => {
      const at = lines.linePos(error.pos[0]);
      return `${formatPlace({ file, line: at.line, column: at.col })} ${error.message}`;
    });
    throw unusable(`${file} is no YAML`, broken);
  }
  const content = withinMeasure<unknown>(() => document.toJS(), tooMuch) ?? {};
  const result = schema.safeParse(content);
  const mistakes = result.success ? contradictions(result.data, stacks) : mistakesOf(result.error, content);
  if (mistakes.length > 0)
    throw unusable(`${file} is not what they can be`, mistakeLines(mistakes, { file, document, lines }));
  return result.data!;
}

function unusable(why: string, lines: readonly string[]): Error {
  return userError(
    `Cannot use the runner's settings as ${why}:\n${lines.join('\n')}\nCorrect the file on the base branch.`,
  );
}

/** What no schema can say: names that have to be there once, and names that have to be there at all. */
function contradictions(settings: Settings, stacks: readonly Stack[] | undefined): readonly Mistake[] {
  const known = stacks ? [...unknownStacks(settings, stacks), ...unclearTemplates(settings, stacks)] : [];
  return [...repeats(settings), ...unknownTeams(settings), ...known];
}

/** One stack in two places of the order cannot be promoted once. */
function repeats({ environments, promotions }: Settings): readonly Mistake[] {
  const mistakes: Mistake[] = [];
  const stacks = new Map<string, string>();
  const names = new Set<string>();
  for (const [index, environment] of environments.entries()) {
    if (names.has(environment.name))
      mistakes.push({ path: ['environments', index, 'name'], message: `${environment.name} is there twice` });
    names.add(environment.name);
    for (const [place, stack] of environment.stacks.entries()) {
      const other = stacks.get(stack);
      const message = `${stack} is in two environments: ${other} and ${environment.name}`;
      if (other !== undefined) mistakes.push({ path: ['environments', index, 'stacks', place], message });
      stacks.set(stack, environment.name);
    }
  }
  for (const [index, { name }] of promotions.entries())
    if (promotions.findIndex((other) => other.name === name) < index)
      mistakes.push({ path: ['promotions', index, 'name'], message: `${name} is there twice` });
  return mistakes;
}

function unknownTeams({ environments, teams }: Settings): readonly Mistake[] {
  const known = Object.keys(teams).map((name) => `@${name}`);
  return environments.flatMap(({ approval }, index) =>
    (approval?.owners ?? []).flatMap((owner, place) =>
      owner.startsWith('@') && !known.includes(owner)
        ? [
            {
              path: ['environments', index, 'approval', 'owners', place],
              message: `${owner} ${unknownName(owner, known)}`,
            },
          ]
        : [],
    ),
  );
}

/** A pattern may stand for stacks that are yet to come. */
function stacksNamed(names: readonly string[]): readonly string[] {
  return names.filter((name) => !isPattern(name));
}

function unknownStacks(settings: Settings, stacks: readonly Stack[]): readonly Mistake[] {
  const known = new Set(stacks.flatMap(({ id, name }) => [id, name]));
  const named: readonly (readonly [path: readonly PropertyKey[], stack: string, atName?: boolean])[] = [
    ...settings.environments.flatMap(({ stacks: names }, index) =>
      stacksNamed(names).map((name) => [['environments', index, 'stacks', names.indexOf(name)], name] as const),
    ),
    ...stacksNamed(Object.keys(settings.stacks)).map((name) => [['stacks', name], name, true] as const),
    ...Object.entries(settings.stacks).flatMap(([stack, { dependsOn }]) =>
      dependsOn.map((name, place) => [['stacks', stack, 'dependsOn', place], name] as const),
    ),
    ...settings.previewEnvironments.map(
      ({ stack }, index) => [['previewEnvironments', index, 'stack'], stack] as const,
    ),
    ...settings.promotions.flatMap(({ path }, index) =>
      path.map((name, place) => [['promotions', index, 'path', place], name] as const),
    ),
  ];
  return named.flatMap(([path, name, atName]) =>
    known.has(name)
      ? []
      : [{ path, atName, message: `names no stack: ${name} ${unknownName(name, [...known].sort())}` }],
  );
}
