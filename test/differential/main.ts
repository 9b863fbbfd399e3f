import { appendFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { CommandEngine } from './command-engine.ts';
import { compareEngines, type Difference, YardstickBroken } from './compare-engines.ts';
import { EmbeddedEngine } from './embedded-engine.ts';
import { findOfficial } from './find-official.ts';
import { scenario } from './scenario.ts';
import type { Scenario } from './scenario-data.ts';
import { shrinkScenario } from './shrink-scenario.ts';

/**
 * Compares the engines on many scenarios:
 * `node test/differential/main.ts <count> [seed] [file for what differed] [--shrink <runs>] [--path <path>]`. What differs is made smaller
 * in so many runs (default 60; 0: not at all) and printed with the command that runs it again. Ends with 1 where something did.
 */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { shrink: { type: 'string', default: '60' }, path: { type: 'string', default: '' } },
});
const [count = '100', seed = String(Date.now() % 1e9), findings = 'differential-findings.jsonl'] = positionals;
const official = findOfficial();
if (official === undefined) throw new Error('no official pulumi: set PULUMI_OFFICIAL, or put it on PATH');
const yardstick = new CommandEngine('official', official);
const ours = new EmbeddedEngine();
await yardstick.start();
await ours.start();
let differing = 0;
/** Scenarios without a comparison, by reason. */
const incomparable = new Map<string, number>();
/** Operations that were asked for, by kind. */
const asked = new Map<string, number>();
const sample = fc.sample(scenario, { numRuns: Number(count), seed: Number(seed), path: values.path });
for (const [index, one] of sample.entries()) {
  for (const { kind, plan } of one.operations)
    countIn(asked, plan === undefined ? kind : `${kind} with a ${plan} plan`);
  const turns = values.path !== '' || index % 3 === 0;
  const difference = await compare(one, { turns }, (reason) => countIn(incomparable, reason));
  if (difference) {
    differing += 1;
    process.exitCode = 1;
    const path = values.path || String(index);
    await appendFile(findings, `${JSON.stringify({ seed, path, difference, scenario: one })}\n`);
    await shrink(path, turns);
  }
  if (difference || (index + 1) % 25 === 0)
    console.log(
      `${index + 1} of ${count} (seed ${seed}): ${differing} differ; not comparable as ${tally(incomparable)}`,
    );
}
console.log(`asked for: ${tally(asked)}`);
await yardstick.close();
await ours.close();

function compare(
  one: Scenario,
  options: { readonly turns: boolean; readonly attempts?: number },
  onBroken: (reason: string) => void = () => {},
): Promise<Difference | undefined> {
  return compareEngines(one, yardstick, ours, options).catch((error: unknown) => {
    if (!(error instanceof YardstickBroken)) throw error;
    onBroken(error.reason);
    return undefined;
  });
}

/** Prints the smallest scenario that still differs, and keeps it beside the one that was found. */
async function shrink(path: string, turns: boolean): Promise<void> {
  // What was found was no luck: what is smaller need not be asked for as often.
  const check = (one: Scenario) => compare(one, { turns, attempts: 1 });
  const shrunk = await shrinkScenario(scenario, { seed: Number(seed), path, check, maxRuns: Number(values.shrink) });
  if (shrunk === undefined) return;
  const { found, runs, scenario: smallest } = shrunk;
  const again = `node test/differential/main.ts 1 ${seed} --path ${shrunk.path}`;
  await appendFile(
    findings,
    `${JSON.stringify({ seed, path: shrunk.path, shrunkIn: runs, difference: found, scenario: smallest })}\n`,
  );
  console.log(`differs in ${found.field} (operation ${found.operation}, ${found.stack}); after ${runs} runs still in:`);
  console.log(JSON.stringify(smallest, undefined, 2));
  console.log(`expected ${JSON.stringify(found.expected)}\nactual   ${JSON.stringify(found.actual)}\nagain: ${again}`);
}

function countIn(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

function tally(counts: ReadonlyMap<string, number>): string {
  return counts.size === 0 ? 'nothing' : [...counts].map(([what, times]) => `${what}: ${times}`).join(', ');
}
