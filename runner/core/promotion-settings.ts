import { z } from 'zod';
import { imageSettings } from './image-settings.ts';
import { strict } from './settings-mistakes.ts';

/** A version that goes from one stack's file to the next one's: `mainstay promote <name> <from>→<to>`. */
export const promotionSettings = strict({
  name: z
    .string()
    .regex(/^[\w./-]+(?:=[\w./-]+)?$/, 'may have letters, digits and . _ / - and one =')
    .describe('What people call it, as in `app=web` or just `web`.'),
  path: z
    .array(z.string().min(1))
    .min(1)
    .describe('The stacks that it walks through, first to last, by name or id. Two at least, or one and an image.'),
  image: imageSettings
    .optional()
    .describe('An image that is built elsewhere: its newest version is written into the file of the first stack.'),
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
}).refine(({ path, image }) => path.length > 1 || image !== undefined, {
  path: ['path'],
  message: 'has one stack: name the next one too, or an image that it gets',
});

export type PromotionSettings = z.output<typeof promotionSettings>;

/** The rule that is meant by `app=web` or `web`. */
export function ruleNamed(rules: readonly PromotionSettings[], name: string): PromotionSettings | undefined {
  return (
    rules.find((rule) => rule.name === name) ??
    rules.find((rule) => rule.name.slice(rule.name.indexOf('=') + 1) === name.slice(name.indexOf('=') + 1))
  );
}
