import fc from 'fast-check';
import type { Scenario } from './scenario-data.ts';

/** The smallest scenario that was found, and how to come to it again. */
export interface Shrunk<Found> {
  readonly scenario: Scenario;
  /** What the check found in it. */
  readonly found: Found;
  /** With the seed: the way to this scenario (`fc.sample` takes it as `path`). */
  readonly path: string;
  /** How many scenarios were tried for it. */
  readonly runs: number;
}

export interface ShrinkOptions<Found> {
  readonly seed: number;
  /** Where the scenario to shrink is: its index in `fc.sample`, or the path of one that was shrunk before. */
  readonly path: string;
  /** Resolves to what is wrong with a scenario; undefined: nothing. */
  readonly check: (scenario: Scenario) => Promise<Found | undefined>;
  /** How many scenarios may be tried. Unlike other properties, one costs seconds. */
  readonly maxRuns: number;
}

/**
 * Makes a scenario smaller for as long as `check` finds something in it, the way that fast-check shrinks the values of a generator.
 * Undefined: `check` finds nothing in the scenario itself any more.
 */
export async function shrinkScenario<Found>(
  arbitrary: fc.Arbitrary<Scenario>,
  { seed, path, check, maxRuns }: ShrinkOptions<Found>,
): Promise<Shrunk<Found> | undefined> {
  // Many shrunk values come to the same scenario, as what is absent has no properties; and a value that did not fail is tried again.
  const seen = new Map<string, Found | undefined>();
  const found = async (scenario: Scenario): Promise<Found | undefined> => {
    const key = JSON.stringify(scenario);
    // Out of runs: everything new passes, which ends the shrinking.
    if (!seen.has(key)) seen.set(key, seen.size < maxRuns ? await check(scenario) : undefined);
    return seen.get(key);
  };
  const property = fc.asyncProperty(arbitrary, async (scenario) => (await found(scenario)) === undefined);
  const details = await fc.check(property, { seed, path, numRuns: 1 });
  if (!details.failed || details.counterexample === null) return undefined;
  const [scenario] = details.counterexample;
  return {
    scenario,
    found: seen.get(JSON.stringify(scenario))!,
    path: details.counterexamplePath!,
    runs: Math.min(seen.size, maxRuns),
  };
}
