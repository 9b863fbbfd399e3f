import type { Route, Subject } from '../api/route.ts';
import { grantsText, type Power, rolesWith } from '../core/access.ts';
import type { Principal } from '../core/account.ts';
import type { DecisionKind } from '../core/rollout.ts';
import type { RunStore } from '../core/run-store.ts';
import { seenRollout, waitingStacks } from '../core/seen-rollout.ts';
import { ApiError, missing } from './api-error.ts';
import type { Sight } from './sight.ts';

/** A request that is known to be well-formed. */
export interface Request {
  readonly needs: Exclude<Route['needs'], 'nobody'>;
  readonly params: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly principal: Principal;
  readonly sight: Sight;
  readonly store: Pick<RunStore, 'runs' | 'rollouts' | 'stacks'>;
}

const POWER_OF: Readonly<Record<DecisionKind, Power>> = {
  approve: 'approve',
  reject: 'approve',
  retry: 'operate',
  'give-up': 'operate',
  'break-glass': 'own',
};

/**
 * Holds a request to what its route needs. Throws 404 for what whoever asks may not see, as if it were not there, and 403 for what they may see and not do.
 * What is not there is the handler's to say.
 */
export async function guard(request: Request): Promise<void> {
  if (request.needs === 'anybody') return;
  const [word, of] = request.needs.split(' ') as [Power | 'decide', Subject | 'all' | 'some' | 'part'];
  const power = word === 'decide' ? POWER_OF[(request.body as { readonly kind: DecisionKind }).kind] : word;
  // Nothing has to be looked up for whoever may everywhere.
  if (request.sight.mayAll('read') && request.sight.mayAll(power)) return;
  await HELD[of](request, power);
}

type Hold = (request: Request, power: Power) => void | Promise<void>;

const HELD: Readonly<Record<Subject | 'all' | 'some' | 'part', Hold>> = {
  all: (request, power) => hold(request, { power, allowed: request.sight.mayAll(power) }),
  some: (request, power) => hold(request, { power, allowed: request.sight.maySomewhere(power) }),
  part: (request, power) => {
    const repository = request.params.repository!;
    if (!request.sight.maySomewhere('read', repository)) throw missing('repository', repository);
    hold(request, { power, allowed: request.sight.maySomewhere(power, repository) });
  },
  repository: (request, power) => {
    const repository = request.params.repository!;
    if (!request.sight.maySomewhere('read', repository)) throw missing('repository', repository);
    hold(request, { power, allowed: request.sight.may(power, { repository }), of: 'the repository as a whole' });
  },
  stack: (request, power) => {
    const at = { repository: request.params.repository!, stack: request.params.stack! };
    if (!request.sight.may('read', at)) throw missing('stack', at.stack);
    hold(request, { power, allowed: request.sight.may(power, at), of: at.stack });
  },
  run: async (request, power) => {
    const run = await request.store.runs.get(request.params.run!);
    if (!run || !request.sight.may('read', run)) throw missing('run', request.params.run!);
    hold(request, { power, allowed: request.sight.may(power, run), of: run.stack });
  },
  change: async (request, power) => {
    const { seen } = request.sight;
    const change = request.params.change!;
    const repository = change.slice(0, change.indexOf('/'));
    if (request.sight.may(power, { repository })) return;
    const { items } = await request.store.runs.page({ change, limit: 1, ...(seen && { seen }) });
    if (items.length === 0) throw missing('change', change);
    // Which stacks it is about is the handler's to say.
    if (power !== 'read') hold(request, { power, allowed: request.sight.maySomewhere(power, repository) });
  },
  rollout: async (request, power) => {
    const id = request.params.rollout!;
    const rollout = await request.store.rollouts.get(id);
    if (!rollout) throw missing('rollout', id);
    const { repository } = rollout;
    const whole = request.sight.may('read', { repository });
    const sees = (stack: string) => request.sight.may('read', { repository, stack });
    if (!whole && !seenRollout(rollout, sees)) throw missing('rollout', id);
    if (power === 'read') return;
    const of = rollout.waits?.environment || repository;
    hold(request, { power, allowed: mayDecide(request.sight, { power, rollout }), of });
  },
};

/** Whether somebody may do what decides about every stack of the environment that a rollout waits at. */
export function mayDecide(
  sight: Pick<Sight, 'may'>,
  {
    power,
    rollout,
  }: { readonly power: Power; readonly rollout: Parameters<typeof waitingStacks>[0] & { readonly repository: string } },
): boolean {
  const { repository } = rollout;
  const stacks = waitingStacks(rollout);
  if (stacks === undefined || stacks.length === 0) return sight.may(power, { repository });
  return stacks.every((stack) => sight.may(power, { repository, stack }));
}

function hold(
  { principal }: Pick<Request, 'principal'>,
  { power, allowed, of }: { readonly power: Power; readonly allowed: boolean; readonly of?: string },
): void {
  if (!allowed) throw lacking(principal, { power, of });
}

/** Says what somebody is, and what they would have to be. */
export function lacking(
  { name, grants, by, via }: Principal,
  { power, of }: { readonly power: Power; readonly of?: string | undefined },
): ApiError {
  const roles = rolesWith(power).join(' or ');
  const limited = by === 'token' ? `, and asks with the ${via}` : '';
  return new ApiError(
    403,
    `Cannot do that as it needs the role ${roles}${of ? ` for ${of}` : ''}: ${name} has ${grantsText(grants)}${limited}. Ask an owner.`,
  );
}
