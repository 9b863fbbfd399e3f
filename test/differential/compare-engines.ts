import { isDeepStrictEqual } from 'node:util';
import type { TestCloud } from '../../engine/deploy/testing/test-cloud.ts';
import { type CommandEngine, neverEnded } from './command-engine.ts';
import type { OperationReport } from './operation-report.ts';
import { thingType } from './program.ts';
import type { Operation, Scenario } from './scenario.ts';
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

/** The yardstick itself went wrong. */
export class YardstickBroken extends Error {}

const comparedFields = ['result', 'steps', 'changes', 'calls', 'state'] as const;

/**
 * Runs a scenario three times: by the yardstick alone, by our engine alone, and (with `turns`) by both in turns on one state. All
 * have to do the same and to come to the same state. Stops at the first difference; undefined: there is none.
 */
export async function compareEngines(
  scenario: Scenario,
  yardstick: CommandEngine,
  ours: ComparedEngine,
  options: { readonly turns: boolean } = { turns: true },
): Promise<Difference | undefined> {
  const [reference, own, shared] = await Promise.all([1, 2, 3].map(() => yardstick.workplace()));
  try {
    for (const { cloud } of [reference!, own!, shared!]) addForeign(cloud);
    for (const [index, operation] of scenario.operations.entries()) {
      for (const { cloud } of [reference!, own!, shared!]) prepare(cloud, operation);
      const expected = await yardstick.carryOut(reference!, operation);
      const inTurn = index % 2 === 0 ? ours : yardstick;
      const apart = differenceOf(expected, await ours.carryOut(own!, operation), {
        stack: ours.name,
        operation: index,
        asked: operation,
      });
      if (apart) return apart;
      if (!options.turns) continue;
      const where = { stack: `turns, ${inTurn.name}`, operation: index, asked: operation };
      const difference = differenceOf(expected, await inTurn.carryOut(shared!, operation), where);
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
function prepare(cloud: TestCloud, { failures, drift }: Operation): void {
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

/**
 * With targets, the official engine keeps a renamed resource a second time under its old name where something that is left out
 * depends on it: an update then ends with a state that it refuses, a preview shows the step.
 */
function repeatsRenamed(expected: readonly string[], actual: readonly string[]): boolean {
  const more = expected.filter((step) => !actual.includes(step));
  const otherName = (name: string): string =>
    name.startsWith('old') ? name.replace('old', 'new') : name.replace('new', 'old');
  const isRepeated = (step: string): boolean =>
    step.startsWith('same ') && actual.some((other) => other.split(' ')[1] === otherName(step.split(' ')[1]!));
  return more.length > 0 && actual.every((step) => expected.includes(step)) && more.every(isRepeated);
}

/**
 * With targets, a resource that gives way to a look-up under its URN is forgotten by the official engine when its delete is not in
 * scope, and imports are carried out whether they are targeted or not.
 */
function goesBeyondTargets(expected: OperationReport, { targets }: Operation): boolean {
  return targets.length > 0 && expected.steps.some((step) => /^(read-replacement|import)/.test(step));
}

function differenceOf(
  expected: OperationReport,
  actual: OperationReport,
  where: Pick<Difference, 'stack' | 'operation'> & { readonly asked: Operation },
): Difference | undefined {
  // The yardstick has failed its own check of the state that it has written, hangs, crashes, has lost a provider of a targeted refresh, or
  // deletes a resource a second time: there is nothing to compare with, and after a failed delete no order either.
  const broken = ['snapshot integrity failure', neverEnded, 'unknown provider', 'was deleted twice', 'panic: '];
  if (expected.messages.some((text) => broken.some((sign) => text.includes(sign)))) throw new YardstickBroken();
  const field = comparedFields.find((name) => !isDeepStrictEqual(expected[name], actual[name]));
  if (!field) return undefined;
  if (repeatsRenamed(expected.steps, actual.steps) || goesBeyondTargets(expected, where.asked))
    throw new YardstickBroken();
  const messages = { expected: expected.messages, actual: actual.messages };
  return {
    stack: where.stack,
    operation: where.operation,
    field,
    expected: expected[field],
    actual: actual[field],
    messages,
  };
}
