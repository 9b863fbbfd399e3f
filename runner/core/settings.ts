import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { userError } from '../../foundation/errors.ts';
import type { SourceTree } from './source-tree.ts';

const approval = z.strictObject({
  /** How many people have to approve before an environment is updated. */
  count: z.number().int().min(1).default(1),
});

const environment = z.strictObject({
  name: z.string().min(1),
  /** Names of stacks (`dev`) or ids (`shop/dev`). */
  stacks: z.array(z.string().min(1)).min(1),
  approval: approval.optional(),
});

const stackSettings = z.strictObject({
  /** Further files that the stack depends on, as globs from the repository's root. */
  watches: z.array(z.string().min(1)).default([]),
  /** Stacks whose outputs it reads, by name or id, where no run has shown it yet. */
  dependsOn: z.array(z.string().min(1)).default([]),
  /** Which engine runs it. Default: the runner's own setting. */
  engine: z.enum(['embedded', 'official']).optional(),
});

const schema = z.strictObject({
  environments: z.array(environment).default([]),
  stacks: z.record(z.string(), stackSettings).default({}),
});

/** For the JSON schema that editors complete from (`runner/generate-reference.ts`). */
export { schema as settingsSchema };

/** What a repository tells the runner, in `mainstay.yaml` at its root or in `stacks/`. */
export type Settings = z.output<typeof schema>;
export type EnvironmentSettings = Settings['environments'][number];
export type StackSettings = z.output<typeof stackSettings>;

/** Where the settings may be; the first that exists counts. */
export const SETTINGS_FILES = ['mainstay.yaml', 'mainstay.yml', 'stacks/mainstay.yaml', 'stacks/mainstay.yml'] as const;

/**
 * The settings of a repository, from its *base* branch, as they grant power. Without a file every stack is its own and nothing is asked.
 * Throws one user error that names every mistake with its place.
 */
export async function readSettings(tree: SourceTree): Promise<Settings> {
  const file = SETTINGS_FILES.find((candidate) => tree.files.has(candidate));
  return file === undefined ? schema.parse({}) : parseSettings(file, await tree.read(file));
}

export function parseSettings(file: string, text: string): Settings {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const broken = document.errors[0];
  if (broken) {
    const at = lines.linePos(broken.pos[0]);
    const place = { file, line: at.line, column: at.col };
    throw userError(
      `Cannot read the runner's settings as it is no YAML: ${broken.message.split('\n')[0]} Correct the file.`,
      { place },
    );
  }
  const result = schema.safeParse(document.toJS() ?? {});
  if (result.success) return withoutRepeats(file, result.data);
  const mistakes = result.error.issues.map((issue) => {
    const offset = nodeOffset(document, issue.path);
    const at = offset === undefined ? '' : `:${lines.linePos(offset).line}:${lines.linePos(offset).col}`;
    const where = issue.path.length === 0 ? 'at the top' : issue.path.join('.');
    return `${file}${at} ${where}: ${issue.message}`;
  });
  throw userError(
    `Cannot use the runner's settings as ${file} is not what they can be:\n${mistakes.join('\n')}\nCorrect the file on the base branch.`,
  );
}

function nodeOffset(document: ReturnType<typeof parseDocument>, path: readonly PropertyKey[]): number | undefined {
  for (let length = path.length; length >= 0; length -= 1) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range))
      return node.range[0] as number;
  }
  return undefined;
}

/** One stack in two places of the order cannot be promoted once. */
function withoutRepeats(file: string, settings: Settings): Settings {
  const seen = new Map<string, string>();
  for (const { name, stacks } of settings.environments)
    for (const stack of stacks) {
      const other = seen.get(stack);
      if (other !== undefined)
        throw userError(
          `Cannot order the stacks as ${stack} is in two environments: ${other} and ${name}. Name it once.`,
          {
            place: { file },
          },
        );
      seen.set(stack, name);
    }
  return settings;
}
