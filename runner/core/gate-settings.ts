import { z } from 'zod';
import { duration } from './duration.ts';
import { strict } from './settings-mistakes.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Who has to approve before an environment is updated. */
export const approvalSettings = strict({
  count: z.number().int().min(1).max(20).default(1).describe('How many people have to approve, each counted once.'),
  owners: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('Who may: names of people, or `@team` for a team of `teams`. Default: anyone who may write.'),
  codeowners: z
    .boolean()
    .default(false)
    .describe('Every changed file that CODEOWNERS gives to somebody has to be approved by one of them.'),
  notAuthor: z.boolean().default(false).describe('Those who wrote or proposed the change do not count.'),
});

const common = {
  name: z.string().min(1).optional().describe('What people see; default: what it does.'),
};

const commandCheck = strict({
  ...common,
  kind: z.literal('command'),
  command: z
    .array(z.string())
    .min(1)
    .describe(
      `A program and its arguments, run at the commit's root; exit code 0 is good. The stacks' outputs are in MAINSTAY_OUTPUTS, as JSON.`,
    ),
  timeout: duration({ atLeast: SECOND }).prefault('5m'),
});

const httpCheck = strict({
  ...common,
  kind: z.literal('http'),
  url: z
    .string()
    .regex(/^(https?:\/\/|\$\{)/, 'is no http address')
    .describe('A dollar sign and {outputs.STACK.NAME} is replaced by that output of a stack.'),
  status: z.number().int().min(100).max(599).default(200),
  contains: z.string().min(1).optional().describe('A text that the answer has to contain.'),
  for: duration().prefault('0s').describe('How long it has to stay good, from its first good answer on.'),
  every: duration({ atLeast: SECOND / 10 }).prefault('5s'),
  timeout: duration({ atLeast: SECOND }).prefault('2m').describe('How long until the first good answer.'),
});

const jobCheck = strict({
  ...common,
  kind: z.literal('kubernetes-job'),
  manifest: z.string().min(1).describe(`Path of the Job's manifest, from the repository's root.`),
  namespace: z.string().min(1).default('default'),
  kubeconfig: z
    .string()
    .regex(/^[^.]+\.[^.]+$/, 'is no <stack>.<output>')
    .optional()
    .describe("A stack's output that holds the kubeconfig, as `<stack>.<output>`. Default: the runner's own."),
  timeout: duration({ atLeast: SECOND }).prefault('10m'),
});

const prometheusCheck = strict({
  ...common,
  kind: z.literal('prometheus'),
  url: z.string().regex(/^(https?:\/\/|\$\{)/, 'is no http address'),
  query: z.string().min(1).describe('PromQL; each of its values has to be within the limits.'),
  atMost: z.number().optional(),
  atLeast: z.number().optional(),
  for: duration().prefault('5m').describe('The period that it has to stay good.'),
  every: duration({ atLeast: SECOND / 10 }).prefault('30s'),
  empty: z.enum(['good', 'bad']).default('bad').describe('What an answer without a value means.'),
  timeout: duration({ atLeast: SECOND }).prefault('2m'),
}).refine(({ atMost, atLeast }) => atMost !== undefined || atLeast !== undefined, {
  error: 'has no limit: set atMost or atLeast',
  path: ['query'],
});

/** What shows that an environment works after its update. */
export const verifySettings = z.discriminatedUnion('kind', [commandCheck, httpCheck, jobCheck, prometheusCheck]);

/**
 * What becomes of a commit that fails in an environment: `stop` waits for a person; `revert` also opens the change that reverts it;
 * `revert-and-merge` merges that one too, where its preview is fine and the forge lets us.
 */
export const onFailureSettings = z.enum(['stop', 'revert', 'revert-and-merge']);

export type ApprovalSettings = z.output<typeof approvalSettings>;
export type VerifySettings = z.output<typeof verifySettings>;
export type OnFailure = z.output<typeof onFailureSettings>;

export const SOAK_AT_MOST = 30 * 24 * 60 * MINUTE;
