import { messageOf } from '../../foundation/errors.ts';
import { getAt, parsePath } from '../../protocol/property-path.ts';
import { Output, type PropertyMap, type PropertyValue, Secret } from '../../protocol/property-value.ts';
import { ProviderError } from '../../protocol/provider.ts';
import { describeValue } from '../deploy/describe-value.ts';

/** What a provider says of a failed component or method, with the inputs that it does not take (source_eval.go, errorToMessage). */
export function failureText(error: unknown, inputs: PropertyMap): string {
  const failures = error instanceof ProviderError ? error.inputFailures : [];
  const lines = failures.map(({ property, reason }) => {
    const value = valueAt(inputs, property);
    const shown = value === undefined ? '' : ` with value '${describeValue(value)}'`;
    return `\n\t\t- property ${property}${shown} has a problem: ${reason}`;
  });
  return messageOf(error) + lines.join('');
}

function valueAt(inputs: PropertyMap, path: string): PropertyValue | undefined {
  try {
    const elements = parsePath(path);
    // A part of a secret is one: the way to it is gone step by step.
    const along = elements.map((_, index) => getAt(inputs, elements.slice(0, index + 1)));
    return along.find((value) => value instanceof Secret || value instanceof Output) ?? along.at(-1);
  } catch {
    // A path that is none is shown as it is.
    return undefined;
  }
}
