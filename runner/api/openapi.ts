import { z } from 'zod';
import { AS_HEADER, type Route } from './route.ts';
import { ROUTES } from './routes.ts';
import * as schemas from './schemas.ts';

type Json = Readonly<Record<string, unknown>>;

/** Schemas that the document names once and refers to. */
export const COMPONENTS: Readonly<Record<string, z.ZodType>> = {
  Error: schemas.errorSchema,
  Status: schemas.statusSchema,
  Repository: schemas.repositorySchema,
  Stack: schemas.stackSchema,
  Run: schemas.runSchema,
  RunDetail: schemas.runDetailSchema,
  ResourceStep: schemas.resourceStepSchema,
  Change: schemas.changeSchema,
  ChangeDetail: schemas.changeDetailSchema,
  Rollout: schemas.rolloutSchema,
  RolloutDetail: schemas.rolloutDetailSchema,
  Graph: schemas.graphSchema,
  RunEvent: schemas.numberedEventSchema,
  Environment: schemas.environmentSchema,
  Drift: schemas.driftSchema,
  AuditEntry: schemas.auditEntrySchema,
  Promotion: schemas.promotionSchema,
  Image: schemas.imageSchema,
  Comparison: schemas.comparisonSchema,
  Settings: schemas.settingsSchema,
  Decision: schemas.decisionSchema,
  Session: schemas.sessionSchema,
  Account: schemas.accountSchema,
  AccessToken: schemas.accessTokenSchema,
};

const TOKEN = `An access token. With the token of a runner's own machine, the header \`${AS_HEADER}\` (a name, percent-encoded) says for the audit trail who it is.`;

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  200: 'What was asked for',
  201: 'It was made',
  202: 'It was taken',
  400: 'The request is wrong',
  401: 'Nobody is signed in',
  403: 'Whoever asks may not do that',
  404: 'There is none',
  409: 'Its state does not allow that',
  413: 'The body is too long',
  429: 'Asked too often',
  500: 'A bug of Mainstay',
  503: 'It passes: ask again',
};

/** The OpenAPI 3.1 document, made from the schemas that validate. */
export function openApiDocument(version: string): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(COMPONENTS)) registry.add(schema, { id });
  const { schemas: components } = z.toJSONSchema(registry, { ...OPTIONS, uri: (id) => `#/components/schemas/${id}` });
  const paths: Record<string, Record<string, Json>> = {};
  for (const [name, route] of Object.entries(ROUTES) as [string, Route][])
    paths[route.path] = { ...paths[route.path], [route.method]: operationOf(name, route) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Mainstay',
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description: 'What the console and the command line do, they do through this API.',
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(components).map(([id, schema]) => [id, withoutMarks(schema as Json)])),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: TOKEN },
        session: { type: 'apiKey', in: 'cookie', name: 'mainstay_session', description: 'What a signed-in page has' },
      },
    },
  };
}

/** Our answers are made by us and may grow: what a reader does not know is no error. So objects stay open. */
const OPTIONS = {
  target: 'draft-2020-12',
  io: 'input',
  override: ({ jsonSchema }: { jsonSchema: Record<string, unknown> }) => {
    // Zod writes `readonly()` so; in OpenAPI it would mean that a request must not have it.
    delete jsonSchema.readOnly;
    // The format says it; what a double cannot count is no limit of ours.
    if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
    if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  },
} as const;

function withoutMarks({ $schema: _schema, $id: _id, id: _plain, ...rest }: Json): Json {
  return rest;
}

function operationOf(name: string, route: Route): Json {
  const parameters = [
    ...parametersOf(route.params, { place: 'path', required: true }),
    ...parametersOf(route.query, { place: 'query', required: false }),
    ...(route.stream
      ? [{ name: 'Last-Event-ID', in: 'header', required: false, schema: { type: 'integer', minimum: 0 } }]
      : []),
  ];
  const errors = [
    400,
    ...(route.needs === 'nobody' ? [] : [401]),
    ...refusals(route),
    ...(route.body ? [413] : []),
    500,
    503,
  ];
  return {
    operationId: name,
    summary: route.summary,
    tags: [route.tag],
    ...(route.needs === 'nobody' ? { security: [] } : { description: neededText(route.needs) }),
    ...(parameters.length > 0 && { parameters }),
    ...(route.body && {
      requestBody: { required: true, content: { 'application/json': { schema: schemaOf(route.body) } } },
    }),
    responses: {
      [route.status ?? 200]: answerOf(route),
      ...Object.fromEntries(errors.map((status) => [status, errorAnswer(status)])),
    },
  };
}

/** Whoever is signed in may lack what an operation needs. */
function refusals({ needs, errors = [] }: Route): readonly number[] {
  return needs === 'nobody' ? errors : [...new Set([403, ...errors])];
}

const OF: Readonly<Record<string, string>> = {
  all: 'of everything, in a grant without lists',
  some: 'of any stack; the answer has what may be seen',
  part: 'of every stack that it is about',
  repository: 'of the repository as a whole',
  stack: 'of the stack',
  run: "of the run's stack",
  change: "of one of the change's stacks; the answer has what may be seen",
  rollout: "of one of the rollout's stacks; the answer has what may be seen",
};

/** What an operation needs, for people. */
export function neededText(needs: Route['needs']): string {
  if (needs === 'nobody') return 'Needs nobody to be signed in.';
  if (needs === 'anybody') return 'Needs somebody to be signed in, with any role or none.';
  const [power, of] = needs.split(' ') as [string, string];
  if (power !== 'decide') return `Needs the power to ${power} ${OF[of]}.`;
  const where = of === 'run' ? OF.run : 'of every stack of the environment that it waits at';
  return `Needs the power to approve (for \`approve\`, \`reject\`), operate (\`retry\`, \`give-up\`) or own (\`break-glass\`) ${where}.`;
}

function answerOf(route: Route): Json {
  const description = DESCRIPTIONS[route.status ?? 200];
  const schema = schemaOf(route.answer);
  // OpenAPI 3.1 has no word for the items of a stream.
  if (route.stream) return { description, content: { 'text/event-stream': { schema: { type: 'string' } } } };
  return { description, content: { 'application/json': { schema } } };
}

function errorAnswer(status: number): Json {
  return {
    description: DESCRIPTIONS[status],
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  };
}

function parametersOf(
  schema: z.ZodType,
  { place, required }: { readonly place: 'path' | 'query'; readonly required: boolean },
): readonly Json[] {
  const { properties = {}, required: needed = [] } = schemaOf(schema) as {
    properties?: Record<string, Json>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: required || needed.includes(name),
    ...(description !== undefined && { description }),
    schema: rest,
  }));
}

/** A schema of a route: a reference where it is a component, else itself with references inside. */
function schemaOf(schema: z.ZodType): Json {
  const known = Object.entries(COMPONENTS).find(([, component]) => component === schema);
  if (known) return { $ref: `#/components/schemas/${known[0]}` };
  const items = (schema as z.ZodObject).shape?.items as z.ZodReadonly<z.ZodArray<z.ZodType>> | undefined;
  const element = items?.unwrap?.().element;
  const made = withoutMarks(z.toJSONSchema(schema, OPTIONS) as Json);
  if (!element) return made;
  // Pages: their items are components.
  const properties = { ...(made.properties as Json), items: { type: 'array', items: schemaOf(element) } };
  return { ...made, properties };
}
