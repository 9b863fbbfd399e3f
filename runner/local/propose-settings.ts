import { Document, isMap } from 'yaml';
import { userError } from '../../foundation/errors.ts';
import { SETTINGS_FILES } from '../core/settings.ts';
import type { SourceTree } from '../core/source-tree.ts';
import { findStacks, type Stack } from '../core/stack.ts';
import { findStackReferences, type StackReading } from './stack-references.ts';
import { warningsOf } from './validate-repository.ts';

/** A settings file for a repository that has none, and why it is so. */
export interface Proposal {
  /** Where it belongs, from the repository's root. */
  readonly file: string;
  readonly text: string;
  /** What was found and what follows, for people. */
  readonly explanation: readonly string[];
}

/** What people call their environments, in the order in which a change goes through them. */
const KNOWN: readonly (readonly [environment: string, names: RegExp])[] = [
  ['local', /^(local|sandbox|playground|minikube|kind)$/],
  ['dev', /^(dev|devel|development|integration|int|ci|preview)$/],
  ['test', /^(test|testing|qa|sit|acceptance|acc)$/],
  ['staging', /^(stage|staging|stg|uat|preprod|preproduction|pre)$/],
  ['canary', /^(canary|pilot)$/],
  ['prod', /^(prod|prd|production|live|main)$/],
];

/**
 * Proposes `mainstay.yaml` from the stacks that a tree has: environments by the names of the stacks, in their usual order, with an approval
 * before production. Throws a user error where there is a file already or no stack at all.
 */
export async function proposeSettings(tree: SourceTree): Promise<Proposal> {
  const present = SETTINGS_FILES.find((file) => tree.files.has(file));
  if (present !== undefined)
    throw userError('Cannot write settings as there are some already. Edit them, or see `mainstay validate`.', {
      place: { file: present },
    });
  const stacks = await findStacks(tree);
  if (stacks.length === 0)
    throw userError(
      'Cannot propose settings as the repository has no Pulumi stack: no Pulumi.<stack>.yaml beside a Pulumi.yaml. Make one with `pulumi stack init`, and commit it or leave it in the folder.',
    );
  const shared = stacks.filter(({ name }) => environmentNamed(name) !== 'local');
  // Where there is nothing else, what is called local is what there is.
  const managed = shared.length > 0 ? shared : stacks;
  const environments = environmentsOf(managed);
  const own = stacks.filter((stack) => !managed.includes(stack)).map(({ id }) => id);
  const file = stacks.every(({ project }) => project.stackFolder === 'stacks')
    ? 'stacks/mainstay.yaml'
    : 'mainstay.yaml';
  const readings = (await findStackReferences(tree, stacks)).filter(({ reader, read }) =>
    [reader, read].every((stack) => managed.includes(stack)),
  );
  const warnings = warningsOf(tree, stacks);
  const text = textOf(environments, readings);
  return { file, text, explanation: explain(stacks, environments, { file, own, readings, warnings }) };
}

interface Guess {
  readonly environment: string;
  readonly stacks: readonly Stack[];
  /** Whether the name is one that we know. */
  readonly known: boolean;
}

/** Names that nobody knows are first: whatever they are, production should not wait for a guess. */
function environmentsOf(stacks: readonly Stack[]): readonly Guess[] {
  const rank = (name: string) => KNOWN.findIndex(([environment]) => environment === name);
  const groups = Map.groupBy(stacks, ({ name }) => environmentNamed(name));
  return [...groups]
    .map(([environment, members]) => ({ environment, stacks: members, known: rank(environment) >= 0 }))
    .toSorted((a, b) => rank(a.environment) - rank(b.environment) || a.environment.localeCompare(b.environment));
}

/** `eu-prod-2` is of `prod`; a name without a word that we know is its own environment. */
function environmentNamed(stack: string): string {
  const words = stack.toLowerCase().split(/[^a-z]+/);
  return KNOWN.find(([, names]) => words.some((word) => names.test(word)))?.[0] ?? stack;
}

function textOf(guesses: readonly Guess[], readings: readonly StackReading[]): string {
  const names = Map.groupBy(
    guesses.flatMap(({ stacks }) => stacks),
    ({ name }) => name,
  );
  const nameIn = ({ id, name }: Stack) => (names.get(name)!.length > 1 ? id : name);
  const document = new Document({
    environments: guesses.map(({ environment, stacks }) => ({
      name: environment,
      stacks: stacks.map(nameIn),
      ...(environment === 'prod' && { approval: { count: 1 } }),
    })),
    ...(readings.length > 0 && { stacks: Object.fromEntries(dependsOn(readings, nameIn)) }),
  });
  document.commentBefore =
    ' What Mainstay needs to know about the stacks. It is read from the base branch.\n' +
    ' A merged commit goes through the environments from top to bottom; the next one begins when the one before is updated.';
  const list = document.get('environments', true);
  if (typeof list === 'object' && list !== null && 'items' in list)
    for (const [index, item] of (list.items as unknown[]).entries())
      if (isMap(item) && !guesses[index]!.known)
        item.commentBefore = ' Its place is a guess: move it to where it belongs.';
  return document.toString({ lineWidth: 120 });
}

/** Each stack that reads others, with those. */
function dependsOn(
  readings: readonly StackReading[],
  nameIn: (stack: Stack) => string,
): readonly (readonly [stack: string, settings: { readonly dependsOn: readonly string[] }])[] {
  const byReader = Map.groupBy(readings, ({ reader }) => reader);
  return [...byReader].map(([reader, all]) => [
    nameIn(reader),
    { dependsOn: [...new Set(all.map(({ read }) => nameIn(read)))] },
  ]);
}

function explain(
  stacks: readonly Stack[],
  guesses: readonly Guess[],
  {
    file,
    own,
    readings,
    warnings,
  }: {
    readonly file: string;
    readonly own: readonly string[];
    readonly readings: readonly StackReading[];
    readonly warnings: readonly string[];
  },
): readonly string[] {
  const projects = new Set(stacks.map(({ project }) => project.file));
  return [
    `${projects.size} Pulumi project${projects.size === 1 ? '' : 's'} (${[...projects].join(', ')}), ${stacks.length} stack${stacks.length === 1 ? '' : 's'}.`,
    `Order of promotion: ${guesses.map(({ environment, stacks: members }) => `${environment} (${members.map(({ id }) => id).join(', ')})`).join(' → ')}.`,
    ...guesses
      .filter(({ known }) => !known)
      .map(({ environment }) => `The place of ${environment} is a guess: its name says nothing about it.`),
    ...(own.length > 0 ? [`Left to people's own machines: ${own.join(', ')}.`] : []),
    ...(guesses.some(({ environment }) => environment === 'prod') ? ['One person has to approve before prod.'] : []),
    ...readings.map(
      ({ reader, read, place }) => `${reader.id} comes after ${read.id}, whose outputs it reads (${place}).`,
    ),
    ...warnings,
    `Commit ${file} to the base branch; then \`mainstay serve\` with MAINSTAY_REPOSITORIES=name=address looks after it.`,
  ];
}
