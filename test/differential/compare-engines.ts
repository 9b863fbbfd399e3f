import { isDeepStrictEqual } from 'node:util';
import type { TestCloud } from '../../engine/deploy/testing/test-cloud.ts';
import { type CommandEngine, neverEnded } from './command-engine.ts';
import { knownDifference } from './known-differences.ts';
import type { OperationReport } from './operation-report.ts';
import { thingType } from './program.ts';
import type { Operation, Scenario } from './scenario-data.ts';
import type { Workplace } from './workplace.ts';

/** What is compared: an executable, or our engine in this process. */
export interface ComparedEngine {
  readonly name: string;
  carryOut(workplace: Workplace, operation: Operation): Promise<OperationReport>;
}

/** Where two engines went apart. */
export interface Difference {
  /** Which stack: each engine's own, or the one that they take turns on. */
  readonly stack: string;
  readonly operation: number;
  readonly field: keyof OperationReport;
  readonly expected: unknown;
  readonly actual: unknown;
  readonly messages: { readonly expected: readonly string[]; readonly actual: readonly string[] };
}

/** Why a scenario cannot be compared: what the official engine does there is wrong, or a matter of luck. See docs/decisions/041. */
export type Incomparable =
  | 'it wrote a state that it refuses'
  | 'it never ended'
  | 'it lost the provider of a dependent in a targeted refresh'
  | 'it deleted a resource a second time'
  | 'it panicked'
  | 'it repeated a renamed resource under its old name'
  | 'it imported or forgot beyond the targets'
  | 'it kept the wrong one of several condemned resources of one name'
  | 'it kept the wrong one of several providers of one name'
  | 'it forgot a managed resource that a look-up took the place of'
  | 'it deleted what a left-out resource needs'
  | 'it imported all inputs where some were asked for'
  | 'it judged the stack of an update that it had refused'
  | 'it looked up what needs a resource that is not there'
  | 'it made a second time what existed'
  | 'it kept the errors of a first try'
  | 'it did not heed dependents in a refresh with the program'
  | 'it does otherwise from run to run';

/** There is nothing to compare with from here on. */
export class YardstickBroken extends Error {
  readonly reason: Incomparable;
  constructor(reason: Incomparable) {
    super(`the official engine cannot be compared with: ${reason}`);
    this.name = 'YardstickBroken';
    this.reason = reason;
  }
}

const comparedFields = ['result', 'steps', 'changes', 'policies', 'calls', 'state'] as const;

/**
 * Runs a scenario three times: by the yardstick alone, by our engine alone, and (with `turns`) by both in turns on one state. All
 * have to do the same and to come to the same state. Stops at the first difference; undefined: there is none. `attempts` says how often the
 * official engine is asked again whether a difference is luck. Default: 8.
 */
export async function compareEngines(
  scenario: Scenario,
  yardstick: CommandEngine,
  ours: ComparedEngine,
  options: { readonly turns: boolean; readonly attempts?: number } = { turns: true },
): Promise<Difference | undefined> {
  const [reference, own, shared] = await Promise.all([1, 2, 3].map(() => yardstick.workplace()));
  try {
    for (const { cloud } of [reference!, own!, shared!]) addForeign(cloud);
    for (const [index, operation] of scenario.operations.entries()) {
      for (const place of [reference!, own!, shared!]) await prepare(place, operation);
      const expected = await yardstick.carryOut(reference!, operation);
      const inTurn = index % 2 === 0 ? ours : yardstick;
      const compare = async (engine: ComparedEngine, place: Workplace, stack: string) => {
        const actual = await engine.carryOut(place, operation);
        const difference = differenceOf(expected, actual, { stack, operation: index, asked: operation });
        if (difference)
          await refuseLuck(scenario, yardstick, { operation: index, actual, attempts: options.attempts ?? 8 });
        return difference;
      };
      const apart = await compare(ours, own!, ours.name);
      if (apart) return apart;
      const difference = options.turns && (await compare(inTurn, shared!, `turns, ${inTurn.name}`));
      if (difference) return difference;
    }
    return undefined;
  } finally {
    await Promise.all([reference!, own!, shared!].map((place) => place.remove()));
  }
}

/** What is there without any engine: to be read and imported. */
function addForeign(cloud: TestCloud): void {
  for (const number of [0, 1, 2, 4]) {
    const inputs = { size: 0, replaceBy: 0, tags: ['x'], hidden: 'hidden0' };
    cloud.things.set(`foreign-${number}`, { type: thingType, urn: '', inputs });
  }
}

/** Sets failures, and changes what is outside of the engines. */
async function prepare(place: Workplace, { failures, drift, pending = [] }: Operation): Promise<void> {
  const { cloud } = place;
  if (pending.length > 0) await place.leaveUnderWay(pending);
  cloud.failures.clear();
  for (const [call, kind] of Object.entries(failures)) cloud.failures.set(call, { kind });
  for (const [name, what] of Object.entries(drift)) {
    for (const [id, thing] of [...cloud.things]) {
      if (!id.startsWith(`${name}-`)) continue;
      if (what === 'gone') cloud.things.delete(id);
      else thing.inputs = { ...thing.inputs, size: 9 };
    }
  }
}

/** What the output of the official engine says when it went wrong. */
const signsOfFailure: readonly (readonly [string, Incomparable])[] = [
  ['snapshot integrity failure', 'it wrote a state that it refuses'],
  [neverEnded, 'it never ended'],
  ['unknown provider', 'it lost the provider of a dependent in a targeted refresh'],
  ['was deleted twice', 'it deleted a resource a second time'],
  ['panic: ', 'it panicked'],
];

function refuseFailedYardstick({ messages }: OperationReport): void {
  const sign = signsOfFailure.find(([text]) => messages.some((message) => message.includes(text)));
  if (sign) throw new YardstickBroken(sign[1]);
}

interface Where extends Pick<Difference, 'stack' | 'operation'> {
  readonly asked: Operation;
}

function differenceOf(expected: OperationReport, actual: OperationReport, where: Where): Difference | undefined {
  refuseFailedYardstick(expected);
  const field = differingField(expected, actual);
  if (!field) return undefined;
  const known = knownDifference(expected, actual, where.asked);
  if (known) throw new YardstickBroken(known);
  return {
    stack: where.stack,
    operation: where.operation,
    field,
    expected: expected[field],
    actual: actual[field],
    messages: { expected: expected.messages, actual: actual.messages },
  };
}

function differingField(expected: OperationReport, actual: OperationReport): keyof OperationReport | undefined {
  return comparedFields.find((name) => !isDeepStrictEqual(expected[name], actual[name]));
}

/**
 * Deletes that may run at the same time are begun in the random order of a Go map, so that what has run before one of them fails is luck.
 * Rejects if the official engine, asked again, comes to what ours did.
 */
async function refuseLuck(
  scenario: Scenario,
  yardstick: CommandEngine,
  found: { readonly operation: number; readonly actual: OperationReport; readonly attempts: number },
): Promise<void> {
  for (let attempt = 0; attempt < found.attempts; attempt += 1) {
    const place = await yardstick.workplace();
    try {
      addForeign(place.cloud);
      let last: OperationReport | undefined;
      for (const operation of scenario.operations.slice(0, found.operation + 1)) {
        await prepare(place, operation);
        last = await yardstick.carryOut(place, operation);
        refuseFailedYardstick(last);
      }
      if (last && !differingField(last, found.actual)) throw new YardstickBroken('it does otherwise from run to run');
    } finally {
      await place.remove();
    }
  }
}
