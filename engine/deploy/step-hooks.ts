import { messageOf } from '../../foundation/errors.ts';
import { ProviderError } from '../../protocol/provider.ts';
import type { DeploymentContext } from './deployment-context.ts';
import type { ErrorHookRequest, HookRequest, HookType } from './resource-hook-runner.ts';
import type { Step } from './step.ts';
import { urnName } from './urn.ts';

/** How often an operation is tried before error hooks are no longer asked (pkg/resource/deploy/retries.go). */
const maxRetries = 100;

/** Runs the hooks of one moment in their order. Rejects at the first that fails, unless that one's failures are warnings. */
export async function runHooks(context: DeploymentContext, type: HookType, step: Step): Promise<void> {
  const { options, reporter } = context;
  const when = type.startsWith('Before') ? 'before' : 'after';
  for (const name of hookNames(step, type)) {
    const hook = options.hooks?.find(name);
    if (!hook) throw new Error(`hook "${name}" was not registered`);
    if (options.preview && !hook.onDryRun) continue;
    try {
      await options.hooks!.run(name, hookRequest(step, when === 'after'));
    } catch (error) {
      if (!hook.ignoreErrors) throw new Error(`${when} hook "${name}" failed: ${messageOf(error)}`);
      reporter.warning(step.urn, `${type} hook "${name}" failed: ${messageOf(error)}`);
    }
  }
}

/**
 * Runs hooks after the provider has done its work. A failure does not undo that: the state is recorded, and the deployment fails
 * afterwards.
 */
export async function runAfterHooks(context: DeploymentContext, type: HookType, step: Step): Promise<void> {
  try {
    await runHooks(context, type, step);
  } catch (error) {
    context.reporter.error(step.urn, messageOf(error));
    context.ledger.afterHookFailed = true;
  }
}

/**
 * Calls the provider, again for as long as the error hooks ask for it. What a create has made is not made a second time, although it did not
 * become ready: nobody would know of the first one.
 */
export async function withErrorHooks<Result>(
  context: DeploymentContext,
  step: Step,
  operation: { readonly name: ErrorHookRequest['failedOperation']; readonly call: () => Promise<Result> },
): Promise<Result> {
  const failures: string[] = [];
  for (;;) {
    try {
      return await operation.call();
    } catch (error) {
      failures.unshift(messageOf(error));
      if (failures.length >= maxRetries) {
        context.reporter.warning(step.urn, `maximum number of error hook retries (${maxRetries}) reached`);
        throw error;
      }
      if (!(await wantsRetry(context, step, operation.name, failures))) throw error;
      if (operation.name === 'create' && error instanceof ProviderError && error.partial) {
        context.reporter.warning(
          step.urn,
          'not retrying create as an on-error hook asks: the resource exists, and the next update goes on with it',
        );
        throw error;
      }
      context.reporter.warning(
        step.urn,
        `retrying ${operation.name} due to on-error hook request (${failures.length}/${maxRetries})`,
      );
    }
  }
}

async function wantsRetry(
  { options }: DeploymentContext,
  step: Step,
  failedOperation: ErrorHookRequest['failedOperation'],
  errors: readonly string[],
): Promise<boolean> {
  let retry = false;
  for (const name of hookNames(step, 'OnError')) {
    if (!options.hooks?.hasErrorHook(name)) throw new Error(`error hook "${name}" was not registered`);
    const request = { ...hookRequest(step, false), failedOperation, errors: [...errors] };
    retry = (await options.hooks.runErrorHook(name, request)) || retry;
  }
  return retry;
}

function hookNames(step: Step, type: HookType): readonly string[] {
  return (step.new ?? step.old)?.resourceHooks[type] ?? [];
}

function hookRequest(step: Step, after: boolean): HookRequest {
  // A replacement is a create as far as hooks go: the old resource has its own delete.
  const old = step.op === 'create-replacement' ? undefined : step.old;
  return {
    urn: step.urn,
    id: (step.new ?? step.old)?.id ?? '',
    name: urnName(step.urn),
    type: step.type,
    old,
    new: step.new,
    oldInputs: old?.inputs,
    newInputs: step.new?.inputs,
    oldOutputs: old?.outputs,
    newOutputs: after ? step.new?.outputs : undefined,
  };
}
