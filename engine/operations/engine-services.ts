import type { Environment } from '../../foundation/environment.ts';
import { createNodeProgramHost } from '../language/node-program-host.ts';
import type { ProgramHost } from '../language/program-host.ts';
import { ProviderPool } from '../plugins/provider-pool.ts';
import type { Backend } from '../state/backend.ts';
import { openBackend } from '../state/open-backend.ts';

/** What outlives one command: kept by an in-process command object, made and closed once by the executable. */
export interface EngineServices {
  readonly providers: ProviderPool;
  /** Starts nothing before it is first asked for. */
  programHost(): ProgramHost;
  /** The backend of a URL in an environment; opened once for each. */
  backend(url: string, place: { readonly environment: Environment; readonly directory: string }): Promise<Backend>;
  /** Ends every kept process. */
  close(): Promise<void>;
}

/** `warm`: keep programs' processes and providers for the next command. */
export function createEngineServices(options: { readonly warm: boolean }): EngineServices {
  const providers = new ProviderPool(options.warm ? {} : { idleMs: 0 });
  const backends = new Map<string, Promise<Backend>>();
  let host: ProgramHost | undefined;
  return {
    providers,
    programHost: () => (host ??= createNodeProgramHost({ warm: options.warm })),
    backend(url, place) {
      const key = JSON.stringify([url, place.directory, backendSettings(place.environment)]);
      const known = backends.get(key) ?? openBackend(url, place);
      backends.set(key, known);
      known.catch(() => backends.delete(key));
      return known;
    },
    async close() {
      await Promise.all([host?.close(), providers.close()]);
    },
  };
}

/** The environment that a backend looks at. */
function backendSettings(environment: Environment): readonly (readonly [string, string | undefined])[] {
  return Object.entries(environment).filter(([name]) => /^(PULUMI_|AWS_|HOME$)/.test(name));
}
