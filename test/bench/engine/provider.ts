/** A provider that costs nothing, as a plugin process for both engines: what is measured is theirs. */
import { equalValues } from '../../../protocol/property-equality.ts';
import type { Provider } from '../../../protocol/provider.ts';
import { servePluginProcess } from '../../../protocol/serve-plugin-process.ts';

const provider: Provider = {
  configure: async () => ({
    acceptSecrets: true,
    acceptResources: true,
    acceptOutputs: false,
    supportsPreview: true,
    supportsAutonamingConfiguration: false,
  }),
  check: async ({ news }) => ({ inputs: news, failures: [] }),
  diff: async ({ oldInputs, newInputs }) => ({
    changes: equalValues(oldInputs, newInputs) ? 'none' : 'some',
    replaces: [],
    stables: [],
    deleteBeforeReplace: false,
    diffs: [],
  }),
  create: async ({ name, inputs, preview }) => ({ id: preview ? '' : `${name}-id`, outputs: inputs }),
  read: async ({ id, inputs, outputs }) => ({ id, inputs, outputs }),
  update: async ({ newInputs }) => ({ outputs: newInputs }),
  delete: async () => {},
  invoke: async () => ({ result: {}, failures: [] }),
  close: async () => {},
};

await servePluginProcess({ createProvider: async () => provider }, { package: 'bench', version: '1.0.0' });
