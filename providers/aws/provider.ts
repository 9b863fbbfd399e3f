import { messageOf } from '../../foundation/errors.ts';
import { type PropertyMap, type PropertyValue, Secret } from '../../protocol/property-value.ts';
import {
  type CheckRequest,
  type ConfigureResponse,
  type DiffRequest,
  type DiffResponse,
  type Provider,
  ProviderError,
  type ReadRequest,
} from '../../protocol/provider.ts';
import type { ProviderContext } from '../../protocol/provider-module.ts';
import { checkInputs, isUnknown, plain, plainMap } from './check.ts';
import { type AwsCalls, createAwsCalls } from './clients.ts';
import { type AwsConfiguration, checkConfiguration, readConfiguration } from './configuration.ts';
import type { ResourceDefinition } from './definition.ts';
import { diffInputs } from './diff.ts';
import { functions } from './functions/all.ts';
import { createResource, deleteResource, type LifecycleContext, readResource, updateResource } from './lifecycle.ts';
import { resources } from './resources/all.ts';

const CAPABILITIES: ConfigureResponse = {
  acceptSecrets: true,
  acceptResources: false,
  acceptOutputs: false,
  supportsPreview: true,
  supportsAutonamingConfiguration: false,
};

/** Changes of these make every resource of the provider a new one: another account or region is another world. */
const REPLACING_SETTINGS = new Set(['region']);

/** The provider of `aws:*` resources. See docs/aws.md for what it serves. */
export async function createProvider(context: ProviderContext): Promise<Provider> {
  const cancellation = new AbortController();
  let calls: AwsCalls | undefined;

  function configured(): AwsCalls {
    if (!calls) throw new ProviderError('Cannot call AWS as the provider is not configured.');
    return calls;
  }

  function lifecycle({ urn, type, signal, ...request }: LifecycleRequest): LifecycleContext {
    return {
      definition: definitionOf(type),
      aws: inItsRegion(configured(), request),
      progress: (message) => context.log({ severity: 'info', message, urn, status: true }),
      signal: signal ? AbortSignal.any([signal, cancellation.signal]) : cancellation.signal,
    };
  }

  return {
    checkConfig: async ({ news }) => ({
      inputs: news,
      failures: checkConfiguration(plainMap(news), context.environment),
    }),
    diffConfig: async (request) => diffConfiguration(request),
    configure: async ({ inputs }) => {
      calls?.close();
      calls = createAwsCalls(await readConfiguration(plainMap(inputs), context.environment));
      await checkAccount(calls);
      return CAPABILITIES;
    },
    check: async (request) => checkResource(request),
    diff: async (request) => diffResource(request, configured().configuration),
    create: (request) => createResource(lifecycle(request), request),
    read: (request) => {
      const [id, region] = splitImportId(request);
      return readResource(lifecycle({ ...request, ...(region && { outputs: { region } }) }), { ...request, id });
    },
    update: async (request) => ({ outputs: await updateResource(lifecycle(request), request) }),
    delete: (request) => deleteResource(lifecycle(request), request),
    invoke: async ({ token, args }) => {
      const aws = inItsRegion(configured(), { inputs: args });
      return { result: await invokeFunction({ aws, args, token, signal: cancellation.signal }), failures: [] };
    },
    cancel: async () => cancellation.abort(new ProviderError('the operation was cancelled')),
    close: async () => calls?.close(),
  };
}

async function invokeFunction(call: {
  readonly aws: AwsCalls;
  readonly token: string;
  readonly args: PropertyMap;
  readonly signal: AbortSignal;
}): Promise<PropertyMap> {
  const definition = functions.get(call.token);
  if (!definition) throw new ProviderError(notServed('function', call.token));
  const answer = await definition.invoke({ ...call, args: plainMap(call.args) });
  const marked = Object.entries(answer).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    marked.map(([key, value]) => {
      const propertyValue = value as PropertyValue;
      return [key, definition.secrets?.includes(key) ? new Secret(propertyValue) : propertyValue];
    }),
  );
}

interface LifecycleRequest {
  readonly urn: string;
  readonly type: string;
  readonly signal?: AbortSignal | undefined;
  readonly inputs?: PropertyMap;
  readonly outputs?: PropertyMap;
  readonly oldOutputs?: PropertyMap;
}

/** The calls of the region that the resource is in, or is wanted in. */
function inItsRegion(
  aws: AwsCalls,
  { inputs, outputs, oldOutputs }: Pick<LifecycleRequest, 'inputs' | 'outputs' | 'oldOutputs'>,
): AwsCalls {
  const region = [outputs, oldOutputs, inputs].map((values) => plain(values?.region)).find((one) => isText(one));
  return isText(region) && !isUnknown(region) ? aws.inRegion(region) : aws;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** An import can name a region behind its id: `vpc-0123@eu-west-2`. */
function splitImportId({ id, type, inputs, outputs }: ReadRequest): readonly [id: string, region?: string] {
  const imported = Object.keys(inputs).length === 0 && Object.keys(outputs).length === 0;
  const match = imported && !definitionOf(type).global ? /^(.+)@([a-z]{2}(?:-[a-z]+)+-\d)$/.exec(id) : null;
  return match ? [match[1]!, match[2]!] : [id];
}

function checkResource(request: CheckRequest) {
  const { name, olds, news, randomSeed } = request;
  return checkInputs({ definition: definitionOf(request.type), name, olds, news, seed: randomSeed });
}

function diffResource(request: DiffRequest, configuration: AwsConfiguration): DiffResponse {
  const [oldInputs, oldOutputs, newInputs] = [request.oldInputs, request.oldOutputs, request.newInputs].map(plainMap);
  const { ignoreChanges } = request;
  return diffInputs({
    definition: definitionOf(request.type),
    oldInputs: oldInputs!,
    oldOutputs: oldOutputs!,
    newInputs: newInputs!,
    ignoreChanges,
    configuration,
  });
}

function definitionOf(type: string): ResourceDefinition {
  const definition = resources.get(type);
  if (!definition) throw new ProviderError(notServed('resource', type));
  return definition;
}

function notServed(what: string, token: string): string {
  return (
    `Cannot serve the ${what} ${token} as Mainstay's aws provider does not have it. Install the official aws plugin ` +
    '(`pulumi plugin install resource aws`), or see docs/aws.md on how to add it.'
  );
}

function diffConfiguration({ oldInputs, newInputs }: DiffRequest): DiffResponse {
  const [old, next] = [plainMap(oldInputs), plainMap(newInputs)];
  const keys = [...new Set([...Object.keys(old), ...Object.keys(next)])];
  const diffs = keys.filter(
    (key) => key !== 'version' && !key.startsWith('__') && JSON.stringify(old[key]) !== JSON.stringify(next[key]),
  );
  const replaces = diffs.filter((key) => REPLACING_SETTINGS.has(key));
  return { changes: diffs.length > 0 ? 'some' : 'none', replaces, stables: [], deleteBeforeReplace: false, diffs };
}

/** The wrong account is found before anything is touched. */
async function checkAccount(aws: AwsCalls): Promise<void> {
  const { allowedAccountIds, forbiddenAccountIds } = aws.configuration;
  if (allowedAccountIds.length === 0 && forbiddenAccountIds.length === 0) return;
  const account = await aws.accountId().catch((error: unknown) => {
    throw new ProviderError(`Cannot find out the AWS account. ${messageOf(error)}`, { cause: error });
  });
  const allowed = allowedAccountIds.length === 0 || allowedAccountIds.includes(account);
  if (allowed && !forbiddenAccountIds.includes(account)) return;
  throw new ProviderError(
    `Cannot use this AWS account as the provider's settings do not allow it: ${account}. Check the credentials, or aws:allowedAccountIds.`,
  );
}
