import { z } from 'zod';
import { access, limits } from './access-settings.ts';
import { duration } from './duration.ts';
import { PLACEHOLDERS, unknownPlaceholder } from './environment-texts.ts';
import { type Mistake, strict } from './settings-mistakes.ts';
import type { Stack } from './stack.ts';

/** A text, or what holds texts, with no placeholder that there is not. */
const filledIn = <T extends z.ZodType>(schema: T) =>
  schema.superRefine((value, context) => {
    const unknown = unknownPlaceholder(value);
    if (unknown !== undefined)
      context.addIssue(
        `has ${unknown}, which there is not: there is ${PLACEHOLDERS.map((name) => `\${${name}}`).join(', ')}`,
      );
  });

/** As in a stack's file. */
function namesOfSettings(config: Readonly<Record<string, unknown>>, context: z.core.$RefinementCtx): void {
  for (const key of Object.keys(config))
    if (!/^[^:\s]+:[^:\s]+$/.test(key))
      context.issues.push({
        code: 'custom',
        path: [key],
        message: 'is no name of a setting, as in shop:host',
        input: key,
      });
}

/** What `previewEnvironments` of mainstay.yaml holds: one stack of which changes get a running copy each. */
export const previewEnvironmentSettings = strict({
  stack: z.string().min(1).describe('The template: name or id of a stack whose file each environment gets a copy of.'),
  name: z
    .string()
    .max(50)
    .regex(
      /^(?=.*\$\{change\})(?:[\w.-]|\$\{change\})+$/,
      'is no name of letters, digits, `-`, `_` and `.` with ${change} in it',
    )
    .default('pr-${change}')
    .describe(
      "The name of a change's stack. `${change}` is the number of the pull request; in plain Git the branch, made a name.",
    ),
  config: filledIn(z.record(z.string().min(1), z.unknown()).superRefine(namesOfSettings))
    .default({})
    .describe(
      "What is other than in the template's file, as `config` there: objects are merged, anything else is replaced. `${change}`, `${stack}` and `${commit}` stand for what they say.",
    ),
  for: z
    .enum(['affected', 'all', 'asked'])
    .default('affected')
    .describe(
      'Which changes get one: those that affect the template, `all`, or those that somebody has `asked` for. Asking is always possible: `/environment`, `mainstay environment up`.',
    ),
  expiresAfter: duration({ atLeast: 1000, atMost: 366 * 86_400_000 })
    .prefault('3d')
    .describe('How long it lives after the last push, or after somebody asked for it. Then it is destroyed.'),
  atMost: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(10)
    .describe('How many there may be at once. More wait for one to go.'),
  ...access,
  ...limits,
}).describe('A running environment of its own for each change.');

export type PreviewEnvironmentSettings = z.output<typeof previewEnvironmentSettings>;

/** Templates that could be several stacks, and two whose environments would have one name. */
export function unclearTemplates(
  { previewEnvironments }: { readonly previewEnvironments: readonly PreviewEnvironmentSettings[] },
  stacks: readonly Stack[],
): readonly Mistake[] {
  const mistakes: Mistake[] = [];
  const names = new Map<string, string>();
  for (const [index, { stack, name }] of previewEnvironments.entries()) {
    const found = stacks.filter((each) => each.id === stack || each.name === stack);
    const ids = found.map(({ id }) => id).join(', ');
    if (found.length > 1)
      mistakes.push({
        path: ['previewEnvironments', index, 'stack'],
        message: `${stack} is several stacks: ${ids}. Name one`,
      });
    const key = `${found[0]?.project.name}/${name}`;
    const other = names.get(key);
    if (found.length > 0 && other !== undefined)
      mistakes.push({
        path: ['previewEnvironments', index, 'name'],
        message: `${name} is the name of those of ${other} too`,
      });
    names.set(key, stack);
  }
  return mistakes;
}
