import { type DiffResponse, type Provider, ProviderError } from '../../protocol/provider.ts';
import type { ProviderContext, ProviderModule } from '../../protocol/provider-module.ts';
import { createProvider as createSandbox } from './provider.ts';
import { asksForSandbox, projectRoot } from './stack-setting.ts';

/** The packages that this repository serves for real. Loaded when a stack needs them. */
const REAL: Readonly<Record<string, () => Promise<ProviderModule>>> = {
  aws: () => import('../aws/provider.ts'),
  kubernetes: () => import('../kubernetes/provider.ts'),
};

/**
 * The provider that a stack's settings ask for, for engines that do not know the setting: the sandbox where `mainstay:sandbox` names the package,
 * else this repository's own. Which stack it is shows in the first URN that the engine names: that of the provider itself, with its configuration.
 */
export function createProviderAsAsked(context: ProviderContext): Provider {
  let chosen: Promise<Provider> | undefined;
  const by = (urn: string) => (chosen ??= choose(context, urn));
  const known = async () => {
    if (chosen) return chosen;
    throw new ProviderError(`Cannot serve ${context.package} before it is configured.`);
  };
  return {
    async checkConfig(request) {
      const { checkConfig } = await bound(by(request.urn));
      return checkConfig ? checkConfig(request) : { inputs: request.news, failures: [] };
    },
    async diffConfig(request) {
      const { diffConfig } = await bound(by(request.urn));
      return diffConfig ? diffConfig(request) : UNKNOWN;
    },
    configure: async (request) => (await by(request.urn)).configure(request),
    check: async (request) => (await by(request.urn)).check(request),
    diff: async (request) => (await by(request.urn)).diff(request),
    create: async (request) => (await by(request.urn)).create(request),
    read: async (request) => (await by(request.urn)).read(request),
    update: async (request) => (await by(request.urn)).update(request),
    delete: async (request) => (await by(request.urn)).delete(request),
    invoke: async (request) => (await known()).invoke(request),
    async construct(request) {
      const { construct } = await bound(known());
      if (construct) return construct(request);
      throw new ProviderError(`Cannot make ${request.type} as ${context.package} has no components here.`);
    },
    // A choice that failed has said so, and left nothing to end.
    cancel: async () => (await chosen?.catch(() => undefined))?.cancel?.(),
    close: async () => (await chosen?.catch(() => undefined))?.close(),
  };
}

/** What an engine makes of a provider that does not compare configurations. */
const UNKNOWN: DiffResponse = { changes: 'unknown', replaces: [], stables: [], deleteBeforeReplace: false, diffs: [] };

/** Optional methods that keep their provider. */
async function bound(provider: Promise<Provider>): Promise<Pick<Provider, 'checkConfig' | 'diffConfig' | 'construct'>> {
  const own = await provider;
  return {
    checkConfig: own.checkConfig?.bind(own),
    diffConfig: own.diffConfig?.bind(own),
    construct: own.construct?.bind(own),
  };
}

async function choose(context: ProviderContext, urn: string): Promise<Provider> {
  const stack = /^urn:pulumi:([^:]+)::/.exec(urn)?.[1] ?? context.stack;
  if (asksForSandbox(projectRoot(context.rootDirectory), stack, context.package)) {
    // The embedded engine says this itself; any other has to be told, and shows it after the run too.
    const message = `sandbox: package ${context.package} is served by the sandbox; nothing real is touched`;
    context.log({ severity: 'warning', message, urn: '' });
    return createSandbox(context);
  }
  const load = REAL[context.package];
  if (load) return (await load()).createProvider(context);
  throw new ProviderError(
    `Cannot serve ${context.package} as the settings of stack ${stack} do not ask for the sandbox, and there is no other here. ` +
      'Take the package out of plugins.providers in Pulumi.yaml to have the official plugin, or set mainstay:sandbox.',
  );
}
