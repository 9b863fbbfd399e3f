import { messageOf } from '../../foundation/errors.ts';
import {
  type CheckRequest,
  type ConfigureResponse,
  type DiffRequest,
  type DiffResponse,
  type Provider,
  ProviderError,
} from '../../protocol/provider.ts';
import type { ProviderContext } from '../../protocol/provider-module.ts';
import { checkInputs, plainMap } from './check.ts';
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

  function lifecycle(urn: string, type: string, signal?: AbortSignal): LifecycleContext {
    return {
      definition: definitionOf(type),
      aws: configured(),
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
    create: (request) => createResource(lifecycle(request.urn, request.type, request.signal), request),
    read: (request) => readResource(lifecycle(request.urn, request.type), request),
    update: async (request) => ({
      outputs: await updateResource(lifecycle(request.urn, request.type, request.signal), request),
    }),
    delete: (request) => deleteResource(lifecycle(request.urn, request.type, request.signal), request),
    invoke: async ({ token, args }) => {
      const definition = functions.get(token);
      if (!definition) throw new ProviderError(notServed('function', token));
      return {
        result: (await definition.invoke({
          aws: configured(),
          args: plainMap(args),
          signal: cancellation.signal,
        })) as never,
        failures: [],
      };
    },
    cancel: async () => cancellation.abort(new ProviderError('the operation was cancelled')),
    close: async () => calls?.close(),
  };
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
