import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { equalValues } from '../../protocol/property-equality.ts';
import type { CheckRequest, CheckResponse, DiffRequest, DiffResponse, Provider } from '../../protocol/provider.ts';
import type { DeploymentContext } from './deployment-context.ts';
import type { Goal } from './goal.ts';
import { ignoreChanges } from './ignore-changes.ts';
import type { ResourceState } from './resource-state.ts';
import { isProviderType, makeUrn } from './urn.ts';
import { WorkerLimit } from './worker-limit.ts';

/** A question that was asked ahead, and its answer once it comes. */
interface Asked<Request, Response> {
  readonly provider: Provider;
  readonly request: Request;
  readonly response: Promise<Response>;
}

interface Foreseen {
  readonly randomSeed: Uint8Array;
  readonly check: Asked<CheckRequest, CheckResponse>;
  diff?: Asked<DiffRequest, DiffResponse>;
}

/** What cannot be ignored is reported by the decision. */
const silentReporter = { info() {} };

/**
 * Asks providers ahead. Decisions are made one at a time, and nearly all of their time goes into waiting for a provider's Check and Diff. What they will
 * ask is known when a registration comes, as a rule: so it is asked then, side by side with other registrations, and the decision takes
 * the answer when its turn comes, if it is the answer to exactly its question. Otherwise it asks anew, as if nothing had been asked.
 *
 * Check and Diff change nothing, and a registration comes after all that it depends on has been answered, so that asking early gives the
 * same answers. Nothing is asked ahead where a decision may turn out otherwise: targets, replaces, aliases in use, imports, refreshes.
 */
export class Foresight {
  readonly #context: Omit<DeploymentContext, 'foresight'>;
  readonly #limit: WorkerLimit;
  readonly #enabled: boolean;
  readonly #foreseen = new Map<string, Foreseen>();
  #stopped = false;

  constructor(context: Omit<DeploymentContext, 'foresight'>) {
    const { options, mode, refreshInPlace, constraints } = context;
    const { parallel = 4 * availableParallelism(), autonamer } = options;
    const { targets, excludes, replaces } = constraints;
    const unconstrained = [targets, excludes, replaces].every(({ isConstrained }) => !isConstrained);
    this.#context = context;
    this.#enabled = unconstrained && mode === 'update' && !refreshInPlace && parallel > 1 && autonamer === undefined;
    // A question is short beside a step: more of them than steps may be under way.
    this.#limit = new WorkerLimit(4 * parallel);
  }

  /** Nothing more is asked ahead. */
  stop(): void {
    this.#stopped = true;
    this.#foreseen.clear();
  }

  /** A registration has come and waits for its turn. Never throws. */
  ask(goal: Goal): void {
    const plain = goal.custom && !isProviderType(goal.type) && goal.importId === '';
    if (!this.#enabled || this.#stopped || !plain) return;
    const provider = this.#context.providers.find(goal.provider);
    const urn = this.#urnOf(goal);
    if (provider === undefined || urn === undefined || this.#foreseen.has(urn)) return;
    const old = this.#context.base.find(urn);
    // The own URN comes first. Without it, aliases of the resource or of its parent may find something.
    if (!old && (goal.aliases.length > 0 || this.#context.ledger.formerUrn.has(goal.parent))) return;
    if (old && (old.external || old.taint || old.pendingReplacement || this.#context.ledger.deletes.has(urn))) return;
    this.#askCheck({ goal, urn, old, provider });
  }

  /** The seed that a foreseen Check was made with. */
  seedOf(urn: string): Uint8Array | undefined {
    return this.#foreseen.get(urn)?.randomSeed;
  }

  check(provider: Provider, request: CheckRequest): Promise<CheckResponse> {
    const asked = this.#foreseen.get(request.urn)?.check;
    const fits = asked?.provider === provider && sameCheck(asked.request, request);
    if (!fits) this.#foreseen.delete(request.urn);
    return fits ? asked.response : provider.check(request);
  }

  diff(provider: Provider, request: DiffRequest): Promise<DiffResponse> {
    const asked = this.#foreseen.get(request.urn)?.diff;
    this.#foreseen.delete(request.urn);
    const fits = asked?.provider === provider && sameDiff(asked.request, request);
    return fits ? asked.response : provider.diff(request);
  }

  #urnOf({ type, name, parent }: Goal): string | undefined {
    const { ledger, options } = this.#context;
    if (parent !== '' && !ledger.urns.has(parent)) return undefined;
    const urn = makeUrn({ stack: options.stack, project: options.project, parent, type, name });
    return ledger.urns.has(urn) || ledger.claimedBy.has(urn) ? undefined : urn;
  }

  #askCheck(subject: Subject): void {
    const { goal, urn, old, provider } = subject;
    const randomSeed = this.#context.plans.seed(urn) ?? randomBytes(32);
    const news = old
      ? ignoreChanges(silentReporter, { urn, news: goal.inputs, olds: old.inputs, paths: goal.ignoreChanges })
      : goal.inputs;
    const request: CheckRequest = {
      ...{ urn, name: goal.name, type: goal.type, olds: old?.inputs ?? {}, news, randomSeed },
      autonaming: undefined,
    };
    const response = this.#limit.run(() => provider.check(request));
    const foreseen: Foreseen = { randomSeed, check: { provider, request, response } };
    this.#foreseen.set(urn, foreseen);
    // Who takes the answer hears of a failure.
    response.then((checked) => this.#askDiff(foreseen, subject, checked)).catch(() => {});
  }

  /** In the same breath as the answer to Check comes, so that a decision that waits for it finds this under way. */
  #askDiff(foreseen: Foreseen, { goal, urn, old, provider }: Subject, { inputs, failures }: CheckResponse): void {
    const decidedElsewhere = old === undefined || failures.length > 0 || old.provider !== goal.provider;
    if (decidedElsewhere || this.#stopped || this.#foreseen.get(urn) !== foreseen) return;
    const request: DiffRequest = {
      ...{ urn, name: goal.name, type: goal.type, id: old.id },
      ...{ oldInputs: old.inputs, oldOutputs: old.outputs, newInputs: inputs, ignoreChanges: goal.ignoreChanges },
    };
    const response = this.#limit.run(() => provider.diff(request));
    response.catch(() => {});
    foreseen.diff = { provider, request, response };
  }
}

interface Subject {
  readonly goal: Goal;
  readonly urn: string;
  readonly old: ResourceState | undefined;
  readonly provider: Provider;
}

function sameCheck(a: CheckRequest, b: CheckRequest): boolean {
  return (
    a.randomSeed === b.randomSeed &&
    a.autonaming === b.autonaming &&
    equalValues(a.olds, b.olds) &&
    equalValues(a.news, b.news)
  );
}

function sameDiff(a: DiffRequest, b: DiffRequest): boolean {
  return (
    a.id === b.id &&
    a.ignoreChanges === b.ignoreChanges &&
    equalValues(a.oldInputs, b.oldInputs) &&
    equalValues(a.oldOutputs, b.oldOutputs) &&
    equalValues(a.newInputs, b.newInputs)
  );
}
