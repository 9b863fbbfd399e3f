import { z } from 'zod';
import { strict } from './settings-mistakes.ts';

/** A version that goes from one stack's file to the next one's: `mainstay promote <name> <from>→<to>`. */
export const promotionSettings = strict({
  name: z
    .string()
    .regex(/^[\w./-]+(?:=[\w./-]+)?$/, 'may have letters, digits and . _ / - and one =')
    .describe('What people call it, as in `app=web` or just `web`.'),
  path: z.array(z.string().min(1)).min(2).describe('The stacks that it walks through, first to last, by name or id.'),
  values: z
    .array(z.string().min(1))
    .min(1)
    .describe(
      "Places below `config` of the stacks' files, as in `mainstay:applications.web.image`. The same place in each.",
    ),
  when: z
    .enum(['asked', 'verified'])
    .default('asked')
    .describe(
      '`asked`: by a person. `verified`: whenever the environment of the stack before has been updated and verified.',
    ),
  by: z
    .enum(['commit', 'change'])
    .default('change')
    .describe('`commit` writes to the base branch; `change` opens a branch or pull request.'),
});

export type PromotionSettings = z.output<typeof promotionSettings>;

/** The rule that is meant by `app=web` or `web`. */
export function ruleNamed(rules: readonly PromotionSettings[], name: string): PromotionSettings | undefined {
  return (
    rules.find((rule) => rule.name === name) ??
    rules.find((rule) => rule.name.slice(rule.name.indexOf('=') + 1) === name.slice(name.indexOf('=') + 1))
  );
}
