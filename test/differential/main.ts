import { appendFile } from 'node:fs/promises';
import fc from 'fast-check';
import { CommandEngine } from './command-engine.ts';
import { compareEngines, YardstickBroken } from './compare-engines.ts';
import { EmbeddedEngine } from './embedded-engine.ts';
import { findOfficial } from './find-official.ts';
import { scenario } from './scenario.ts';

/**
 * Compares the engines on many scenarios: `node test/differential/main.ts <count> [seed] [file for what differed]`. Ends with 1 where
 * something did.
 */
const [count = '100', seed = String(Date.now() % 1e9), findings = 'differential-findings.jsonl'] =
  process.argv.slice(2);
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
const countIn = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1);
for (const [index, one] of fc.sample(scenario, { numRuns: Number(count), seed: Number(seed) }).entries()) {
  for (const { kind, plan } of one.operations)
    countIn(asked, plan === undefined ? kind : `${kind} with a ${plan} plan`);
  const difference = await compareEngines(one, yardstick, ours, { turns: index % 3 === 0 }).catch((error: unknown) => {
    if (!(error instanceof YardstickBroken)) throw error;
    countIn(incomparable, error.reason);
    return undefined;
  });
  if (difference) {
    differing += 1;
    process.exitCode = 1;
    await appendFile(findings, `${JSON.stringify({ seed, index, difference, scenario: one })}\n`);
  }
  if (difference || (index + 1) % 25 === 0)
    console.log(
      `${index + 1} of ${count} (seed ${seed}): ${differing} differ; not comparable as ${tally(incomparable)}`,
    );
}
console.log(`asked for: ${tally(asked)}`);
await yardstick.close();
await ours.close();

function tally(counts: ReadonlyMap<string, number>): string {
  return counts.size === 0 ? 'nothing' : [...counts].map(([what, times]) => `${what}: ${times}`).join(', ');
}
