import { z } from 'zod';
import { strict } from './settings-mistakes.ts';
import { stackTest } from './stack-patterns.ts';

const common = {
  stacks: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('Which stacks it is for: names or ids, with `*`. Default: all.'),
  config: z
    .record(z.string(), z.unknown())
    .optional()
    .describe(
      'What the pack is configured with, by policy: an enforcement level, or an object with `enforcementLevel` and what its schema says.',
    ),
};

/** A policy pack of the repository itself. */
export const policySettings = strict({
  folder: z
    .string()
    .regex(
      /^(?!\/)(?!(?:.*\/)?\.\.?(?:\/|$)).+[^/]$/,
      "is no folder below the repository's root, as in policies/guardrails",
    )
    .describe("The folder with the pack's PulumiPolicy.yaml, from the repository's root. As the base branch has it."),
  ...common,
});

/** A policy pack on the runner's machine, in the runner's own file: no change of a repository can weaken it. */
export const runnerPolicySettings = strict({
  folder: z
    .string()
    .min(1)
    .describe("The folder with the pack's PulumiPolicy.yaml and its dependencies, from the file's own folder."),
  repositories: z.array(z.string().min(1)).optional().describe('For whose stacks. Default: all.'),
  ...common,
});

export type PolicySettings = z.output<typeof policySettings>;
export type RunnerPolicySettings = z.output<typeof runnerPolicySettings>;

/** Whether a pack is for a stack, by its id. */
export function isFor({ stacks }: Pick<PolicySettings, 'stacks'>, stack: string): boolean {
  return stacks === undefined || stackTest(stacks)(stack);
}
