import { Metadata, type ServiceError, type StatusObject, status } from '@grpc/grpc-js';
import { type CheckFailure, type PartialFailure, ProviderError } from './provider.ts';
import { configureMissingKeys, inputPropertiesError, resourceInitFailed, rpcStatus } from './provider-messages.ts';

/** Errors of providers as gRPC carries them (pkg/resource/plugin/provider_plugin.go: parseError, createConfigureError). */

const detailsKey = 'grpc-status-details-bin';
const initFailedType = 'type.googleapis.com/pulumirpc.ErrorResourceInitFailed';
const inputErrorsType = 'type.googleapis.com/pulumirpc.InputPropertiesError';

/** After these the provider may have done anything; after any other code it did nothing. */
const unclear: readonly status[] = [status.UNKNOWN, status.INTERNAL, status.DATA_LOSS];

/** What a gRPC client got, as a `ProviderError`. Anything that is no gRPC error is returned as it is. */
export function providerErrorOf(error: unknown): unknown {
  if (!isServiceError(error)) return error;
  const { partial, missingKeys, inputFailures } = detailsOf(error.metadata);
  const outcome =
    error.code === status.UNIMPLEMENTED ? 'unimplemented' : unclear.includes(error.code) ? 'unknown' : 'failed';
  const message = partial === undefined ? (missingKeys ?? error.details) : initMessage(partial.reasons);
  return new ProviderError(message || status[error.code] || 'unknown error', {
    status: outcome,
    partial,
    inputFailures,
    cause: error,
  });
}

export function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;
}

interface Details {
  readonly partial: PartialFailure | undefined;
  readonly missingKeys: string | undefined;
  readonly inputFailures: readonly CheckFailure[];
}

function detailsOf(metadata: Metadata | undefined): Details {
  const packed = metadata?.get(detailsKey)[0];
  if (!(packed instanceof Uint8Array)) return { partial: undefined, missingKeys: undefined, inputFailures: [] };
  let partial: PartialFailure | undefined;
  let missingKeys: string | undefined;
  const inputFailures: CheckFailure[] = [];
  for (const { typeUrl = '', value = new Uint8Array() } of rpcStatus.decode(packed).details) {
    if (typeUrl.endsWith('pulumirpc.ErrorResourceInitFailed')) partial = partialOf(value);
    if (typeUrl.endsWith('pulumirpc.InputPropertiesError')) inputFailures.push(...inputFailuresOf(value));
    if (typeUrl.endsWith('pulumirpc.ConfigureErrorMissingKeys')) missingKeys = missingKeysMessage(value);
  }
  return { partial, missingKeys, inputFailures };
}

function inputFailuresOf(value: Uint8Array): CheckFailure[] {
  return inputPropertiesError
    .decode(value)
    .errors.map(({ propertyPath = '', reason = '' }) => ({ property: propertyPath, reason }));
}

function partialOf(value: Uint8Array): PartialFailure {
  const { id, properties = {}, inputs, reasons } = resourceInitFailed.decode(value);
  return { id, outputs: properties, inputs, reasons };
}

function missingKeysMessage(value: Uint8Array): string {
  return configureMissingKeys
    .decode(value)
    .missingKeys.map(
      ({ name = '', description = '' }) =>
        `missing required configuration key "${name}": ${description}\n` +
        `Set a value using the command \`pulumi config set ${name} <value>\`.`,
    )
    .join('\n');
}

/** The text that the official CLI shows for the reasons (hashicorp/go-multierror). */
export function initMessage(reasons: readonly string[]): string {
  if (reasons.length === 0) return 'resource init failed';
  const count = reasons.length === 1 ? '1 error' : `${reasons.length} errors`;
  return `${count} occurred:\n${reasons.map((reason) => `\t* ${reason}\n`).join('')}\n`;
}

/** What a gRPC server answers for an error that a provider threw. What is no `ProviderError` is a bug: INTERNAL. */
export function statusOf(error: unknown): Partial<StatusObject> {
  if (!(error instanceof ProviderError)) {
    const message = error instanceof Error ? error.message : String(error);
    return { code: status.INTERNAL, details: message, metadata: new Metadata() };
  }
  const code = error.partial === undefined ? codes[error.status] : status.UNKNOWN;
  return { code, details: error.message, metadata: detailsMetadata(code, error) };
}

const codes = { failed: status.FAILED_PRECONDITION, unknown: status.UNKNOWN, unimplemented: status.UNIMPLEMENTED };

function detailsMetadata(code: status, error: ProviderError): Metadata {
  const metadata = new Metadata();
  const details = [...partialDetails(error), ...inputDetails(error)];
  if (details.length > 0) metadata.set(detailsKey, rpcStatus.encode({ code, message: error.message, details }));
  return metadata;
}

function partialDetails({ partial }: ProviderError) {
  if (partial === undefined) return [];
  const { id, outputs, inputs, reasons } = partial;
  return [{ typeUrl: initFailedType, value: resourceInitFailed.encode({ id, properties: outputs, inputs, reasons }) }];
}

function inputDetails({ inputFailures }: ProviderError) {
  if (inputFailures.length === 0) return [];
  const errors = inputFailures.map(({ property, reason }) => ({ propertyPath: property, reason }));
  return [{ typeUrl: inputErrorsType, value: inputPropertiesError.encode({ errors }) }];
}
