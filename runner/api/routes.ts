import { z } from 'zod';
import { makeRoute as route, text } from './make-route.ts';
import { peopleRoutes } from './people-routes.ts';
import * as schemas from './schemas.ts';

/** Lists are cut into pages. */
const page = z.object({
  limit: z.coerce.number().int().min(1).max(1000).default(50).describe('How many at most'),
  after: text.optional().describe('`next` of the page before'),
});

function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item).readonly(),
    next: z.string().optional().describe('`after` of the next page'),
  });
}

const run = z.object({ run: text.describe('Id of a run') });
const change = z.object({ change: text.describe('`<repository>/<name>`, its slashes as %2F') });
const rollout = z.object({ rollout: text.describe('`<repository>@<commit>`') });
const repository = z.object({ repository: text });
const stack = z.object({ repository: text, stack: text.describe('`<project>/<stack>`, its slash as %2F') });

const estate = {
  status: route({
    method: 'get',
    path: '/api/status',
    needs: 'read some',
    summary: 'Every stack: the commit it is at, and what it waits for',
    tag: 'estate',
    answer: schemas.statusSchema,
  }),
  stacks: route({
    method: 'get',
    path: '/api/stacks',
    needs: 'read some',
    summary: 'Stacks, by repository and order of promotion',
    tag: 'estate',
    query: page.extend({
      repository: text.optional(),
      environment: text.optional(),
      alignment: schemas.stackSchema.shape.alignment.optional(),
      search: text.optional().describe('Part of the id'),
    }),
    answer: pageOf(schemas.stackSchema),
  }),
  stack: route({
    method: 'get',
    path: '/api/repositories/{repository}/stacks/{stack}',
    needs: 'read stack',
    summary: 'One stack',
    tag: 'estate',
    params: stack,
    answer: schemas.stackSchema,
    errors: [404],
  }),
  stackGraph: route({
    method: 'get',
    path: '/api/repositories/{repository}/stacks/{stack}/graph',
    needs: 'read stack',
    summary: 'The resources of a stack after its last update',
    tag: 'estate',
    params: stack,
    answer: schemas.graphSchema,
    errors: [404],
  }),
  compare: route({
    method: 'get',
    path: '/api/repositories/{repository}/stacks/{stack}/comparison',
    needs: 'read stack',
    summary: 'What changed between two updates of a stack',
    tag: 'estate',
    params: stack,
    query: z.object({ from: text.describe('Id of the older update'), to: text.describe('Id of the newer update') }),
    answer: schemas.comparisonSchema,
    errors: [404],
  }),
  drift: route({
    method: 'get',
    path: '/api/drift',
    needs: 'read some',
    summary: 'What the last look at each stack found',
    tag: 'estate',
    query: z.object({ repository: text.optional(), state: schemas.driftSchema.shape.state.optional() }),
    answer: z.object({ items: z.array(schemas.driftSchema).readonly() }),
  }),
  audit: route({
    method: 'get',
    path: '/api/audit',
    needs: 'read some',
    summary: 'What people and the runner decided, newest first',
    tag: 'estate',
    query: z.object({
      limit: z.coerce.number().int().min(1).max(1000).default(50).describe('How many at most'),
      before: z.coerce
        .number()
        .int()
        .min(1)
        .max(2 ** 31 - 1)
        .optional()
        .describe('Only entries with a smaller number'),
      repository: text.optional(),
      subject: text.optional(),
    }),
    answer: z.object({ items: z.array(schemas.auditEntrySchema).readonly() }),
  }),
  settings: route({
    method: 'get',
    path: '/api/repositories/{repository}/settings',
    needs: 'read repository',
    summary: 'The settings in effect, each with the file and line that it comes from',
    tag: 'estate',
    params: repository,
    answer: schemas.settingsSchema,
    errors: [404],
  }),
  sync: route({
    method: 'post',
    path: '/api/sync',
    needs: 'operate some',
    summary: 'Look at the repositories now',
    tag: 'estate',
    answer: schemas.emptySchema,
    status: 202,
  }),
} as const;

const runs = {
  runs: route({
    method: 'get',
    path: '/api/runs',
    needs: 'read some',
    summary: 'Runs, newest first',
    tag: 'runs',
    query: page.extend({
      repository: text.optional(),
      stack: text.optional(),
      change: text.optional(),
      rollout: text.optional(),
      kind: z.enum(schemas.RUN_KINDS).optional(),
      state: z.enum(schemas.RUN_STATES).optional(),
    }),
    answer: pageOf(schemas.runSchema),
  }),
  run: route({
    method: 'get',
    path: '/api/runs/{run}',
    needs: 'read run',
    summary: 'Everything about one run',
    tag: 'runs',
    params: run,
    answer: schemas.runDetailSchema,
    errors: [404],
  }),
  runGraph: route({
    method: 'get',
    path: '/api/runs/{run}/graph',
    needs: 'read run',
    summary: 'The resources of a run: tree, dependencies, operations, health',
    tag: 'runs',
    params: run,
    answer: schemas.graphSchema,
    errors: [404],
  }),
  runEvents: route({
    method: 'get',
    path: '/api/runs/{run}/events',
    needs: 'read run',
    summary:
      'What happens in a run as it happens; goes on after the header `Last-Event-ID`, and ends with the event `end`',
    tag: 'runs',
    params: run,
    query: z.object({
      after: z.coerce
        .number()
        .int()
        .min(0)
        .max(2 ** 31 - 1)
        .optional()
        .describe('As `Last-Event-ID`'),
      follow: z
        .enum(['true', 'false'])
        .default('true')
        .describe('`false`: end with what there is, whether the run has ended or not'),
    }),
    answer: schemas.numberedEventSchema,
    stream: true,
    errors: [404],
  }),
  decideRun: route({
    method: 'post',
    path: '/api/runs/{run}/decision',
    needs: 'decide run',
    summary: 'Decide about a run that waits',
    tag: 'runs',
    params: run,
    body: schemas.decisionSchema,
    answer: schemas.emptySchema,
    status: 202,
    errors: [403, 404, 409],
  }),
  cancelRun: route({
    method: 'post',
    path: '/api/runs/{run}/cancel',
    needs: 'operate run',
    summary: 'End a run: what is being done to a resource is finished, nothing new is begun',
    tag: 'runs',
    params: run,
    answer: schemas.emptySchema,
    status: 202,
    errors: [403, 404, 409],
  }),
  retryRun: route({
    method: 'post',
    path: '/api/runs/{run}/retry',
    needs: 'operate run',
    summary: 'Do a failed run again; an update goes on with its rollout',
    tag: 'runs',
    params: run,
    answer: schemas.emptySchema,
    status: 202,
    errors: [403, 404, 409],
  }),
} as const;

const work = {
  changes: route({
    method: 'get',
    path: '/api/changes',
    needs: 'read some',
    summary: 'Changes, the latest first',
    tag: 'changes',
    query: page.extend({
      repository: text.optional(),
      state: schemas.changeSchema.shape.state.optional(),
    }),
    answer: pageOf(schemas.changeSchema),
  }),
  change: route({
    method: 'get',
    path: '/api/changes/{change}',
    needs: 'read change',
    summary: 'One change with what it would do to each stack',
    tag: 'changes',
    params: change,
    answer: schemas.changeDetailSchema,
    errors: [404],
  }),
  environments: route({
    method: 'get',
    path: '/api/environments',
    needs: 'read some',
    summary: 'Preview environments, by stack',
    tag: 'changes',
    query: z.object({ repository: text.optional(), change: text.optional() }),
    answer: z.object({ items: z.array(schemas.environmentSchema).readonly() }),
  }),
  askForEnvironment: route({
    method: 'post',
    path: '/api/changes/{change}/environment',
    needs: 'operate change',
    summary: 'Make the preview environments of a change, make them again and keep them longer, or destroy them',
    tag: 'changes',
    params: change,
    body: schemas.environmentRequestSchema,
    answer: schemas.emptySchema,
    status: 202,
    errors: [403, 404, 409],
  }),
  rollouts: route({
    method: 'get',
    path: '/api/rollouts',
    needs: 'read some',
    summary: 'Rollouts, newest first',
    tag: 'rollouts',
    query: page.extend({ repository: text.optional() }),
    answer: pageOf(schemas.rolloutSchema),
  }),
  rollout: route({
    method: 'get',
    path: '/api/rollouts/{rollout}',
    needs: 'read rollout',
    summary: 'One rollout with its runs',
    tag: 'rollouts',
    params: rollout,
    answer: schemas.rolloutDetailSchema,
    errors: [404],
  }),
  decideRollout: route({
    method: 'post',
    path: '/api/rollouts/{rollout}/decision',
    needs: 'decide rollout',
    summary: 'Decide about a rollout that waits',
    tag: 'rollouts',
    params: rollout,
    body: schemas.decisionSchema,
    answer: schemas.emptySchema,
    status: 202,
    errors: [403, 404, 409],
  }),
} as const;

const keeping = {
  look: route({
    method: 'post',
    path: '/api/repositories/{repository}/stacks/{stack}/look',
    needs: 'operate stack',
    summary: 'Look for drift now, and put back what differs where that is asked for',
    tag: 'keeping',
    params: stack,
    body: schemas.lookRequestSchema,
    answer: schemas.emptySchema,
    status: 202,
    errors: [403, 404],
  }),
  unlock: route({
    method: 'post',
    path: '/api/repositories/{repository}/stacks/{stack}/unlock',
    needs: 'operate stack',
    summary: "Clear what interrupted updates of a stack left: processes and our own locks, never somebody else's",
    tag: 'keeping',
    params: stack,
    answer: schemas.unlockedSchema,
    errors: [403, 404, 409],
  }),
  rollBack: route({
    method: 'post',
    path: '/api/repositories/{repository}/stacks/{stack}/rollback',
    needs: 'operate stack',
    summary: 'Open the change that takes a stack back to a commit',
    tag: 'keeping',
    params: stack,
    body: schemas.rollbackRequestSchema,
    answer: schemas.offeredRevertSchema,
    status: 201,
    errors: [403, 404, 409],
  }),
  promotions: route({
    method: 'get',
    path: '/api/promotions',
    needs: 'read some',
    summary: 'Versions on their way from stack to stack, newest first',
    tag: 'keeping',
    query: z.object({ repository: text.optional(), state: schemas.promotionSchema.shape.state.optional() }),
    answer: z.object({ items: z.array(schemas.promotionSchema).readonly() }),
  }),
  images: route({
    method: 'get',
    path: '/api/images',
    needs: 'read some',
    summary: 'Images that are built elsewhere, with their newest versions',
    tag: 'keeping',
    query: z.object({ repository: text.optional() }),
    answer: z.object({ items: z.array(schemas.imageSchema).readonly() }),
  }),
  promote: route({
    method: 'post',
    path: '/api/repositories/{repository}/promotions',
    needs: 'approve part',
    summary: "Write a version that one stack runs into the next one's file",
    tag: 'keeping',
    params: repository,
    body: schemas.promotionRequestSchema,
    answer: schemas.promotionSchema,
    status: 201,
    errors: [403, 404, 409],
  }),
} as const;

/** The whole API, by the names of its operations. */
export const ROUTES = { ...estate, ...runs, ...work, ...keeping, ...peopleRoutes } as const;

export type RouteName = keyof typeof ROUTES;
