import { readdirSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { messageOf } from '../../foundation/errors.ts';

/** What a benchmark prints. Figures are from this run on this machine; nothing is asserted. */
export interface Report {
  /** One figure: `milliseconds` is the median of the runs. */
  time(name: string, milliseconds: number, note?: string): void;
  /** `name: base / ours` as a ratio; over 1 means that ours is faster. */
  ratio(name: string, base: number, ours: number): void;
  /** Anything else: memory, counts, what was not measured and why. */
  note(text: string): void;
}

/** A file `test/bench/<name>.ts` that exports this is one benchmark of `npm run bench [-- name ...]`. */
export interface Benchmark {
  run(report: Report): Promise<void>;
}

const consoleReport: Report = {
  time: (name, milliseconds, note) =>
    console.log(`  ${name.padEnd(58)} ${format(milliseconds).padStart(10)}${note ? `  ${note}` : ''}`),
  ratio: (name, base, ours) => console.log(`  ${name.padEnd(58)} ${(base / ours).toFixed(1).padStart(9)}x`),
  note: (text) => console.log(`  ${text}`),
};

function format(milliseconds: number): string {
  return milliseconds < 1000 ? `${milliseconds.toFixed(1)} ms` : `${(milliseconds / 1000).toFixed(2)} s`;
}

async function runAll(wanted: readonly string[]): Promise<void> {
  const names = readdirSync(import.meta.dirname)
    .filter((file) => /^[a-z][a-z-]*\.ts$/.test(file) && file !== 'main.ts')
    .map((file) => file.slice(0, -3));
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0)
    throw new Error(`Cannot run the benchmark ${unknown.join(', ')} as there is none. There are: ${names.join(', ')}.`);
  console.log(`node ${process.version}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`);
  for (const name of wanted.length > 0 ? wanted : names) {
    const module: Partial<Benchmark> = await import(`./${name}.ts`);
    if (!module.run) continue;
    console.log(`\n${name}`);
    await module.run(consoleReport).catch((error: unknown) => {
      process.exitCode = 1;
      console.error(`  failed: ${messageOf(error)}`);
    });
  }
}

// What was started ends with this process, also where that is told to end.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
await runAll(process.argv.slice(2));
