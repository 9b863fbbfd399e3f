import { createHash } from 'node:crypto';
import { ProviderError } from '../../protocol/provider.ts';
import type { PackageModel } from './package-model.ts';

/** A cloud of which nothing is known but the published types: stores what it is given, and replaces nothing. */
export const genericModel: PackageModel = {
  changing: [],
  realm: () => '',
  complete: (draft) => draft.inputs,
  check: () => [],
  replacing: () => [],
  deletesFirst: () => false,
  newId: ({ urn }) => `sandbox-${createHash('sha256').update(urn).digest('hex').slice(0, 12)}`,
  outputs: ({ inputs }) => inputs,
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
