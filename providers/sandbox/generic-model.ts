import { randomBytes } from 'node:crypto';
import { ProviderError } from '../../protocol/provider.ts';
import { computeOutputs } from './facts/computed-outputs.ts';
import type { ModelContext, PackageModel } from './package-model.ts';

/** A cloud of which nothing is known but the published types: stores what it is given, and replaces nothing. */
export function createGenericModel({ facts }: ModelContext): PackageModel {
  return {
    realm: () => '',
    complete: (draft) => draft.inputs,
    check: () => [],
    replacing: () => [],
    deletesFirst: () => false,
    newId: () => `sandbox-${randomBytes(6).toString('hex')}`,
    outputs: ({ inputs, type, id }, previous) =>
      computeOutputs(facts, type, { inputs, previous, guess: (name) => `sandbox-${name}-${id}` }),
    refuseChange: () => undefined,
    refuseDelete: () => undefined,
    cascade: () => [],
    invoke(request) {
      throw new ProviderError(
        `Cannot call ${request.token} in the sandbox as it does not know this package's functions. ` +
          'Preview this stack with a real provider (mainstay:sandbox: false).',
        { status: 'unimplemented' },
      );
    },
  };
}
