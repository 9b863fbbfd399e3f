import type { Provider } from '../../protocol/provider.ts';
import type { ProviderContext } from '../../protocol/provider-module.ts';
import { createAwsModel } from './aws/aws-model.ts';
import { loadSdkFacts } from './facts/sdk-facts.ts';
import { createGenericModel } from './generic-model.ts';
import { kubernetesModel } from './kubernetes/kubernetes-model.ts';
import type { ModelContext, PackageModel } from './package-model.ts';
import { SandboxProvider } from './sandbox-provider.ts';
import { projectRoot } from './stack-setting.ts';
import { World } from './world.ts';
import { worldPath } from './world-path.ts';

/** The packages whose cloud the sandbox knows more about than its published types. */
const MODELS: Readonly<Record<string, (context: ModelContext) => PackageModel>> = {
  aws: createAwsModel,
  kubernetes: () => kubernetesModel,
};

/**
 * A provider that stands in for any package (`ProviderModule`). Each world's file is opened on the first call that needs it and
 * closed with the provider.
 */
export async function createProvider(given: ProviderContext): Promise<Provider> {
  const context = { ...given, rootDirectory: projectRoot(given.rootDirectory) };
  const worlds = new Map<string, World>();
  const openWorld = (urn: string) => {
    const [, stack = context.stack, project = context.project] = /^urn:pulumi:([^:]+)::([^:]+)::/.exec(urn) ?? [];
    const path = worldPath({ organization: context.organization, project, stack }, context.environment);
    const world = worlds.get(path) ?? new World(path);
    worlds.set(path, world);
    return world;
  };
  const facts = loadSdkFacts(context.package, context.rootDirectory);
  const createModel = MODELS[context.package] ?? createGenericModel;
  const provider = new SandboxProvider({
    context,
    model: createModel({ facts, environment: context.environment }),
    facts,
    openWorld,
  });
  provider.close = async () => {
    for (const world of worlds.values()) world.close();
    worlds.clear();
  };
  return provider;
}
