import type { PropertyMap } from '../../protocol/property-value.ts';
import { ProviderError } from '../../protocol/provider.ts';
import { NotReadyError, waitUntilReady } from './await/wait.ts';
import { isCustomResourceDefinition } from './kind.ts';
import { type KubeObject, objectId } from './object.ts';
import type { ResourceContext } from './resource-context.ts';
import { timeoutOf } from './timeout.ts';

/** An object that the server has just taken. */
export interface Applied {
  readonly inputs: KubeObject;
  readonly live: KubeObject;
  readonly done: 'created' | 'changed';
  /** Seconds; 0 is the default (timeout.ts). */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  /** What goes into the state of the object as it is at the end of the wait. */
  readonly outputsOf: (live: KubeObject) => PropertyMap;
}

/**
 * Waits until the object is ready, and returns it. What does not become ready is an error that keeps the object as partly initialised,
 * with the reasons (`ErrorResourceInitFailed` of Pulumi's provider protocol).
 */
export async function awaitApplied(applied: Applied, context: ResourceContext): Promise<KubeObject> {
  const { inputs, live, outputsOf } = applied;
  try {
    const ready = await waitUntilReady({
      cluster: context.cluster,
      inputs,
      live,
      timeoutSeconds: timeoutOf(applied.timeout, inputs),
      signal: context.signalOf(applied.signal),
      report: context.report,
    });
    if (isCustomResourceDefinition(inputs)) context.cluster.discovery.forget();
    return ready;
  } catch (error) {
    const last = error instanceof NotReadyError ? error.live : live;
    const message = error instanceof Error ? error.message : String(error);
    const reasons = error instanceof NotReadyError ? error.reasons : [];
    throw new ProviderError(
      `the object was ${applied.done}, but ${message}${reasons.map((reason) => `\n  - ${reason}`).join('')}`,
      {
        status: 'unknown',
        cause: error,
        partial: { id: objectId(last), outputs: outputsOf(last), inputs: undefined, reasons: [message, ...reasons] },
      },
    );
  }
}
