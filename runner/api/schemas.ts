import { z } from 'zod';
import { maySchema } from './account-schemas.ts';
import { environmentSchema } from './environment-schemas.ts';
import { RUN_KINDS, RUN_STATES } from './run-words.ts';
import { clean, commit, list, sandbox, time } from './schema-parts.ts';

export * from './account-schemas.ts';
export * from './environment-schemas.ts';
export { clean };

/**
 * What the HTTP API takes and answers, once: requests are validated by these, types come from these (responses.ts), and so does the OpenAPI
 * document. Plain JSON; times are ISO 8601 in UTC; what is not known is left out.
 */

export { RUN_KINDS, RUN_STATES };

export const errorSchema = z
  .object({
    error: z.string().describe('What went wrong and what to do, for people'),
    kind: z
      .enum(['user', 'unauthorized', 'forbidden', 'missing', 'conflict', 'transient', 'bug'])
      .describe('`transient` passes: ask again. `bug` is ours; the text names an id that is in the log'),
  })
  .describe('Every answer that is not a success');

export const runSchema = z.object({
  id: z.string(),
  repository: z.string(),
  stack: z.string().describe('`<project>/<stack>`'),
  kind: z.enum(RUN_KINDS),
  state: z.enum(RUN_STATES),
  summary: z.string().describe('Why the state is what it is'),
  change: z.string().optional(),
  rollout: z.string().optional(),
  commit,
  attempt: z.number().int().describe('From 1; a retry counts up'),
  reasons: list(z.string()).describe('Why the stack is affected'),
  digest: z.string().optional().describe('Names exactly what a preview would do'),
  engine: z.string().optional(),
  counts: z.record(z.string(), z.number()).describe('Resources by operation'),
  sandbox,
  createdAt: time,
  startedAt: time.optional(),
  endedAt: time.optional(),
});

export const propertyChangeSchema = z.object({
  path: z.string(),
  kind: z.enum(['add', 'update', 'delete']),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
});

export const resourceStepSchema = z.object({
  operation: z.string(),
  urn: z.string(),
  type: z.string(),
  name: z.string(),
  danger: z.enum(['none', 'replaces', 'deletes']),
  protected: z.boolean(),
  replacedBy: list(z.string()).describe('Properties that cannot be changed in place'),
  line: z.string().describe('The step in one line'),
  properties: list(z.string()).describe('Its property changes, one line each'),
  changes: list(propertyChangeSchema).describe(
    'Secrets are `[secret]`, values not known before the update `[unknown]`',
  ),
});

export const runStepSchema = z.object({
  name: z.string(),
  state: z.enum(['running', 'succeeded', 'failed']),
  detail: z.string(),
  startedAt: time,
  milliseconds: z.number().optional(),
});

export const undoSchema = z
  .object({
    answer: z.enum(['yes', 'loses', 'no', 'unknown']),
    text: z.string(),
    resources: list(z.string()).describe('URNs that the answer is about'),
  })
  .describe('Whether putting the old commit back undoes it');

export const runDetailSchema = runSchema.extend({
  steps: list(runStepSchema),
  changes: list(resourceStepSchema).describe('What the engine did or would do, dangerous first'),
  diagnostics: list(
    z.object({
      severity: z.enum(['info', 'warning', 'error']),
      urn: z.string().optional(),
      message: z.string(),
      policy: z.string().optional().describe('Whose violation it is: `<pack>: <policy>`'),
    }),
  ),
  outputs: z.record(z.string(), z.unknown()).describe('Secrets are `[secret]`'),
  problem: z.string().optional(),
  undo: undoSchema,
  milliseconds: z.number().optional().describe('What the engine took'),
  may: maySchema,
});

const typeCheckSchema = z
  .object({
    state: z.enum(['passed', 'mistakes', 'broken']),
    text: z.string().describe('`2 errors, infra/index.ts:12:3 …`'),
    blocks: z.boolean().describe('Whether the settings want it to fail the change'),
    mistakes: list(
      z.object({ file: z.string(), line: z.number(), column: z.number(), code: z.string(), message: z.string() }),
    ).describe('The first 100'),
  })
  .describe(
    "What the check of the programs' types came to, beside the previews; absent where nothing says what to check",
  );

export const changeSchema = z.object({
  id: z.string().describe('`<repository>/<name>`'),
  repository: z.string(),
  name: z.string(),
  state: z.enum(['open', 'merged', 'closed']),
  head: commit,
  base: commit.optional(),
  merge: commit.optional().describe('What was previewed: head merged into base'),
  problem: z.string().optional(),
  types: typeCheckSchema.optional(),
  verdict: z.string(),
  runs: list(runSchema),
  updatedAt: time,
});

export const changeDetailSchema = changeSchema.extend({
  comment: z.string().describe('The comment as the forge has it, in Markdown'),
  stacks: list(runDetailSchema).describe('The previews of its present head, dangerous first'),
  rollouts: list(z.string()).describe('Ids of the rollouts that carry it'),
  environments: list(environmentSchema).describe('Its preview environments'),
});

export const rolloutSchema = z.object({
  id: z.string().describe('`<repository>@<commit>`'),
  repository: z.string(),
  commit,
  state: z.enum(['running', 'waiting', 'succeeded', 'failed', 'overtaken']),
  summary: z.string().describe('What it waits for, or what became of it'),
  waits: z
    .object({
      environment: z.string(),
      for: z.enum(['approval', 'soak', 'window', 'rolled-back', 'failure']),
      text: z.string(),
      until: z.string().optional().describe('When it goes on by itself'),
      digest: z.string().optional().describe('Of what has to be approved'),
      approvals: z.number().int().optional().describe('How many have to approve'),
    })
    .optional()
    .describe('Set while it waits'),
  stages: list(
    z.object({
      environment: z.string(),
      approvals: z.number().int().describe('How many people have to approve'),
      stacks: list(z.string()),
    }),
  ),
  changes: list(z.string()).describe('Ids of the changes that this commit merged'),
  createdAt: time,
  endedAt: time.optional(),
});

export const approvalSchema = z.object({
  environment: z.string(),
  by: z.string(),
  digest: z.string(),
  at: time,
  void: z.boolean().describe('Counts no more, as the previews changed since'),
});

export const rolloutDetailSchema = rolloutSchema.extend({
  subject: z.string().optional().describe('First line of the commit’s message'),
  author: z.string().optional(),
  runs: list(runSchema),
  approvals: list(approvalSchema),
  may: maySchema.describe('What whoever asks may do with every stack of the environment that it waits at'),
});

export const stackSchema = z.object({
  id: z.string(),
  repository: z.string(),
  environment: z.string(),
  aligned: z.boolean().describe('At the head of main, not bad, and no drift is known'),
  alignment: z.enum(['aligned', 'behind', 'failed', 'new']).describe('How its commit stands to main'),
  appliedCommit: commit.optional(),
  appliedAt: time.optional(),
  summary: z.string().describe('What it waits for, or how its last run ended'),
  drift: z.enum(['none', 'drifted', 'flapping', 'unknown']).describe('`unknown`: not looked at, or the look failed'),
  driftSummary: z.string().optional(),
  health: z
    .enum(['good', 'bad', 'unknown'])
    .describe('Whether its update came through and its environment proved good'),
  waitsFor: z.string().optional().describe('What it waits for and why'),
  lastRun: z.string().optional(),
  lastState: z.enum(RUN_STATES).optional(),
  sandbox,
  may: maySchema,
});

export const repositorySchema = z.object({
  id: z.string(),
  branch: z.string().describe('The branch whose head is what runs'),
  base: commit.optional().describe('Head of that branch as last handled'),
  problem: z.string().optional().describe('Why it cannot be looked at now: what is known of it is old'),
  environments: list(z.string()).describe('In the order of promotion'),
  stacks: list(stackSchema),
  rollout: rolloutSchema.optional(),
  previewEnvironments: list(environmentSchema).describe(
    'Of changes; whether stacks are aligned does not depend on them',
  ),
});

export const statusSchema = z.object({ repositories: list(repositorySchema), aligned: z.boolean() });

export const resourceSchema = z.object({
  urn: z.string(),
  type: z.string(),
  name: z.string(),
  parent: z.string().optional(),
  dependencies: list(z.string()).describe('URNs that it reads outputs of, or was told to wait for'),
  operation: z.string().describe('What the run does or did to it; `same` where nothing'),
  health: z.enum(['healthy', 'unhealthy', 'failed', 'unknown']),
  problem: z.string().optional(),
  milliseconds: z.number().optional(),
});

export const graphSchema = z.object({ run: z.string(), resources: list(resourceSchema) });

const ofSandbox = z.literal(true).optional().describe('The sandbox did it: nothing real was touched');

export const runEventSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('state'), state: z.enum(RUN_STATES), summary: z.string(), sandbox: ofSandbox }),
  z.object({
    kind: z.literal('step'),
    name: z.string(),
    state: z.enum(['running', 'succeeded', 'failed']),
    detail: z.string(),
    sandbox: ofSandbox,
  }),
  z.object({
    kind: z.literal('resource'),
    urn: z.string(),
    type: z.string(),
    operation: z.string(),
    state: z.enum(['started', 'done', 'failed']),
    parent: z.string().optional(),
    milliseconds: z.number().optional(),
    sandbox: ofSandbox,
  }),
  z.object({
    kind: z.literal('log'),
    severity: z.enum(['info', 'warning', 'error']),
    urn: z.string().optional(),
    text: z.string(),
    sandbox: ofSandbox,
  }),
]);

export const numberedEventSchema = z.object({
  number: z.number().int().describe('From 1 in each run, without a gap; the id of the server-sent event'),
  at: time,
  event: runEventSchema,
});

const manager = z.object({ manager: z.string(), at: z.string().optional() });

export const driftSchema = z.object({
  repository: z.string(),
  stack: z.string(),
  sandbox,
  state: z
    .enum(['none', 'drifted', 'flapping', 'unknown'])
    .describe('`flapping`: what was put back came again, so nothing is put back any more'),
  summary: z.string(),
  lookedAt: time.optional(),
  since: time.optional().describe('Since when there is a difference'),
  commit: commit.optional().describe('The commit whose program was asked'),
  run: z.string().optional().describe('The run that shows the finding'),
  differences: list(
    z.object({
      step: resourceStepSchema.describe('What would put it back: from what is there to what should be'),
      managers: z.record(z.string(), manager).describe('Who changed what, where the platform knows: by property path'),
    }),
  ),
  quiet: list(
    z.object({ urn: z.string(), type: z.string(), gone: z.boolean(), changes: list(propertyChangeSchema) }),
  ).describe('Changed without consequence'),
  ignored: list(
    z.object({ urn: z.string(), owner: z.string(), until: z.string(), reason: z.string().optional() }),
  ).describe('Accepted by a rule'),
  expired: list(z.object({ resource: z.string(), owner: z.string(), until: z.string() })).describe(
    'Rules whose last day is over: what they accepted is reported again',
  ),
});

export const auditEntrySchema = z.object({
  number: z.number().int().describe('From 1, without a gap'),
  at: time,
  kind: z.string(),
  repository: z.string(),
  subject: z.string().describe('Id of the run, rollout, change or stack'),
  by: z.string().describe('A person, or `mainstay`'),
  via: z
    .string()
    .optional()
    .describe(
      'Which way a person came: `console`, `token <name>`, `this machine` (the token of the data folder) or `comment`',
    ),
  text: z.string(),
  hash: z.string().describe('Over this entry and the hash before it'),
});

export const comparisonSchema = z.object({
  stack: z.string(),
  from: commit,
  to: commit,
  runs: list(z.string()).describe('The updates between the two, oldest first'),
  resources: list(
    z.object({
      urn: z.string(),
      type: z.string(),
      name: z.string(),
      operation: z.enum(['create', 'update', 'replace', 'delete']),
      changes: list(propertyChangeSchema),
    }),
  ),
});

export const settingSchema = z.object({
  path: z.string().describe('`environments[0].name`'),
  value: z.unknown(),
  source: z.string().describe('`stacks/mainstay.yaml:3`, or `default`'),
});

export const settingsSchema = z.object({
  repository: z.string(),
  commit: commit.optional(),
  file: z.string().optional().describe('The file that they are read from; none: defaults'),
  problem: z.string().optional().describe('Why the file cannot be used'),
  settings: list(settingSchema),
  runner: list(settingSchema).describe('The runner’s own, from its environment; secrets hidden'),
});

export const lookRequestSchema = z.strictObject({
  correct: z.boolean().default(false).describe('Put back what differs, where that deletes and replaces nothing'),
});

export const rollbackRequestSchema = z.strictObject({
  to: z
    .string()
    .regex(/^[0-9a-f]{4,64}$/)
    .describe('The commit that the stack is to be as at again; at least four letters of its hash'),
  reason: clean.min(1).max(2000),
});

export const offeredRevertSchema = z.object({
  change: z.string().describe('Name of the change that reverts'),
  commit,
  branch: z.string(),
});

export const unlockedSchema = z.object({ done: z.string().describe('What was done, in one line') });

export const promotionRequestSchema = z.strictObject({
  name: clean.min(1).max(200).describe('A rule of `promotions` in mainstay.yaml: `app=web`, or `web`'),
  from: clean.min(1).max(400).describe("Name of a stack; or a tag of the promotion's image, for its first stack"),
  to: clean.min(1).max(200).describe('Name of a stack'),
});

export const imageSchema = z.object({
  repository: z.string(),
  name: z.string().describe('The promotion that the image belongs to'),
  newest: z.string().optional().describe('The newest version that counts, as it is written'),
  problem: z.string().describe("Why the registry could not be asked the last time; '' where it could"),
  lookedAt: time,
});

export const promotionSchema = z.object({
  id: z.string(),
  repository: z.string(),
  name: z.string(),
  from: z.string(),
  to: z.string(),
  state: z.enum(['queued', 'written', 'proposed', 'nothing', 'failed']),
  values: list(z.object({ path: z.string(), before: z.unknown().optional(), after: z.unknown().optional() })),
  commit: commit.optional(),
  change: z.string().optional().describe('The change that proposes it'),
  summary: z.string(),
  by: z.string(),
  at: time,
});

export const decisionSchema = z.strictObject({
  kind: z.enum(['approve', 'reject', 'retry', 'give-up', 'break-glass']).describe('`break-glass` needs a reason'),
  by: clean.min(1).max(200).optional().describe('Who decides; default: who asks'),
  reason: clean.max(2000).optional(),
  digest: clean.max(200).optional().describe('What was seen: the decision does not count where it is another by now'),
});

export const emptySchema = z.object({});
