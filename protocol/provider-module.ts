import type { Provider } from './provider.ts';

/**
 * What `providers/<package>/provider.ts` exports, so that the engine can run the provider in its own process, and
 * `providers/<package>/main.ts` can serve it as a plugin process.
 */
export interface ProviderModule {
  createProvider(context: ProviderContext): Promise<Provider>;
}

/** What a TypeScript provider knows before it is configured. */
export interface ProviderContext {
  /** The package asked for: `kubernetes`, `aws`, ... The sandbox serves any. */
  readonly package: string;
  /** Version asked for, '' where none was. */
  readonly version: string;
  readonly project: string;
  readonly stack: string;
  readonly organization: string;
  /** Where Pulumi.yaml is. */
  readonly rootDirectory: string;
  /** From where relative paths of the program are meant; a plugin process runs there. Default: `rootDirectory`. */
  readonly programDirectory?: string;
  /** Environment to read instead of `process.env` (credentials, KUBECONFIG, ...). */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Messages for the user about one resource ('' : the stack). `status` ones are shown while the operation runs, not kept. */
  readonly log: (message: ProviderLogMessage) => void;
}

export interface ProviderLogMessage {
  readonly severity: 'debug' | 'info' | 'warning' | 'error';
  readonly message: string;
  readonly urn: string;
  readonly status?: boolean;
}
