import type { Goal } from '../deploy/goal.ts';
import type { MonitorContext } from './monitor-context.ts';
import type { RegisterRequest } from './monitor-messages.ts';

interface Remembered {
  readonly urn: string;
  readonly request: RegisterRequest;
  readonly goal: Goal | undefined;
  readonly unsettled: boolean;
}

/** Keeps what the children of a resource inherit from it. */
export function remember(context: MonitorContext, { urn, request, goal, unsettled }: Remembered): void {
  // Children of a component find the provider that it was given, also for their own package only.
  const single = !request.custom && request.provider !== '' ? providerAsMap(request.provider) : {};
  context.resources.set(urn, {
    goal,
    parent: request.parent,
    providers: { ...single, ...request.providers },
    transforms: request.transforms,
    unsettled,
  });
}

function providerAsMap(reference: string): Record<string, string> {
  const match = /::(?:[^:]*\$)?pulumi:providers:([^:]+)::/.exec(reference);
  return match ? { [match[1]!]: reference } : {};
}
