import type { Environment } from '../../foundation/environment.ts';
import type { ProgramHost } from '../language/program-host.ts';
import type { ProviderPool } from '../plugins/provider-pool.ts';
import type { PackProcesses } from '../policy/pack-processes.ts';
import type { Backend } from '../state/backend.ts';
import { openBackend } from '../state/open-backend.ts';
import type { Prediction } from './prediction.ts';
import type { Proposals } from './proposals.ts';

/** What outlives one command: kept by an in-process command object, made and closed once by the executable. */
export interface EngineServices {
  /** Loaded when first asked for: most commands need neither providers nor programs. */
  providers(): Promise<ProviderPool>;
  programHost(): Promise<ProgramHost>;
  /** Undefined where nothing is kept. */
  packProcesses(): Promise<PackProcesses | undefined>;
  /** The backend of a URL in an environment; opened once for each. */
  backend(url: string, place: { readonly environment: Environment; readonly directory: string }): Promise<Backend>;
  /** Set where previews build on each other. */
  readonly prediction?: Prediction;
  /** Set where previews read what previews of other stacks propose. */
  readonly proposals?: Proposals;
  /** Ends every kept process. */
  close(): Promise<void>;
}

/** `warm`: keep programs' processes and providers for the next command. */
export function createEngineServices(options: { readonly warm: boolean }): EngineServices {
  const backends = new Map<string, Promise<Backend>>();
  let providers: Promise<ProviderPool> | undefined;
  let host: Promise<ProgramHost> | undefined;
  let packs: Promise<PackProcesses> | undefined;
  return {
    providers: () => (providers ??= loadPool(options.warm)),
    programHost: () => (host ??= loadHost(options.warm)),
    async packProcesses() {
      if (options.warm) packs ??= loadPacks();
      return packs;
    },
    backend(url, place) {
      // Every run has a folder of its own: only where the URL starts from there is it another backend.
      const from = /^file:\/\/[^/~]/.test(url) ? place.directory : undefined;
      const key = JSON.stringify([url, from, backendSettings(place.environment)]);
      const known = backends.get(key) ?? openBackend(url, place);
      backends.set(key, known);
      known.catch(() => backends.delete(key));
      return known;
    },
    async close() {
      await Promise.all([(await host)?.close(), (await providers)?.close(), (await packs)?.close()]);
    },
  };
}

async function loadPool(warm: boolean): Promise<ProviderPool> {
  const { ProviderPool: Pool } = await import('../plugins/provider-pool.ts');
  return new Pool(warm ? {} : { idleMs: 0 });
}

async function loadPacks(): Promise<PackProcesses> {
  const { createPackProcesses } = await import('../policy/pack-processes.ts');
  return createPackProcesses();
}

async function loadHost(warm: boolean): Promise<ProgramHost> {
  const { createNodeProgramHost } = await import('../language/node-program-host.ts');
  return createNodeProgramHost({ warm });
}

/** The environment that a backend looks at. */
function backendSettings(environment: Environment): readonly (readonly [string, string | undefined])[] {
  return Object.entries(environment).filter(([name]) => /^(PULUMI_|AWS_|HOME$)/.test(name));
}
