import type { Update } from '@aws-sdk/client-eks';
import { ProviderError } from '../../../../protocol/provider.ts';
import type { ExistingCall, ResourceCall, TagRule } from '../../definition.ts';
import { AwsFailure } from '../../failures.ts';
import { waitFor } from '../../wait.ts';

/** Tags of anything in EKS go by its ARN. */
export function eksTags(arnOf: (call: ExistingCall) => string | undefined): TagRule {
  return {
    atCreate: true,
    async set(call, tags) {
      const resourceArn = arnOf(call);
      await (await call.aws.client('eks')).tagResource({ resourceArn, tags: { ...tags } });
    },
    async remove(call, keys) {
      const resourceArn = arnOf(call);
      await (await call.aws.client('eks')).untagResource({ resourceArn, tagKeys: [...keys] });
    },
  };
}

/** A role or its trust made a moment ago is not known to EKS yet. For two minutes only: after that it is simply wrong. */
export function untilTrusted(call: Pick<ResourceCall, 'deadline'>): (error: unknown) => boolean {
  const end = Math.min(call.deadline, Date.now() + 120_000);
  return (error) =>
    error instanceof AwsFailure &&
    Date.now() < end &&
    /^Invalid(Parameter|Request)Exception$/.test(error.code) &&
    /(could not be assumed|does not exist|trust relationship|is not authorized to perform)/i.test(error.reason) &&
    /role|trust|principal/i.test(error.reason);
}

interface PendingUpdate extends ExistingCall {
  readonly what: string;
  readonly start: () => Promise<Update | undefined>;
  readonly place: { readonly name: string; readonly nodegroupName?: string; readonly addonName?: string };
}

/** Starts an update, again where another one is under way, and waits until it is done. Throws with the reasons where it failed. */
export async function waitForUpdate({ what, start, place, ...call }: PendingUpdate): Promise<void> {
  const update = await waitFor(`${what} to be free for an update`, call, async () => {
    try {
      return (await start()) ?? null;
    } catch (error) {
      if (error instanceof AwsFailure && error.code === 'ResourceInUseException') return undefined;
      // What is wanted is there already: somebody did it by hand.
      if (error instanceof AwsFailure && /No changes needed|already at the desired/i.test(error.reason)) return null;
      throw error;
    }
  });
  if (!update?.id) return;
  const eks = await call.aws.client('eks');
  await waitFor(`${what} to be updated`, call, async () => {
    const found = (await eks.describeUpdate({ ...place, updateId: update.id })).update;
    if (found?.status === 'Failed' || found?.status === 'Cancelled') {
      const reasons = (found.errors ?? []).map(({ errorCode, errorMessage }) => `${errorCode}: ${errorMessage}`);
      throw new ProviderError(`Cannot update ${what} as EKS says ${found.status}: ${reasons.join('; ')}.`);
    }
    return found?.status === 'Successful' ? true : undefined;
  });
}

/** Ids of two parts, `cluster:name`; names have no colon. */
export function splitEksId(id: string): readonly [cluster: string, rest: string] {
  const cut = id.indexOf(':');
  return [id.slice(0, cut), id.slice(cut + 1)];
}
