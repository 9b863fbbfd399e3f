import { cpus } from 'node:os';
import { type EventData, run } from 'node:test';
import { spec } from 'node:test/reporters';
import { EnvironmentReader } from '../foundation/environment.ts';
import { type CoverageByRoom, coverageLines, joinCoverage } from './coverage.ts';

/**
 * `npm test`: every room's tests under Node's own runner, with one summary at the end. Arguments are globs of test files (default:
 * all but `*.servers.test.ts`, which need the compiled servers); `--servers` runs those; `--coverage` reports lines by room.
 *
 * There are two groups as there are two hosts of TypeScript (docs/decisions): the program's rooms are CommonJS for the official
 * CLI and run through tsx, all others run on Node itself.
 */
const PROGRAM_ROOMS = ['components', 'infra'];
const NODE_ROOMS = ['foundation', 'protocol', 'engine', 'providers', 'runner', 'cli', 'console', 'test'];

const COVERAGE_EXCLUDED = ['**/*.test.ts', '**/fixtures/**', 'test/**', 'node_modules/**'];

interface Group {
  readonly globPatterns: string[];
  readonly execArgv: string[];
}

const options = new Set(process.argv.slice(2).filter((argument) => argument.startsWith('--')));
const globs = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const failures = await runGroups(globs.length > 0 ? splitByRoom(globs) : allGroups(options.has('--servers')));
process.exitCode = failures > 0 ? 1 : 0;

function allGroups(servers: boolean): readonly Group[] {
  const pattern = servers ? '**/*.servers.test.ts' : '**/!(*.servers).test.ts';
  return [
    { globPatterns: PROGRAM_ROOMS.map((room) => `${room}/${pattern}`), execArgv: ['--import', 'tsx'] },
    { globPatterns: NODE_ROOMS.map((room) => `${room}/${pattern}`), execArgv: [] },
  ];
}

function splitByRoom(patterns: readonly string[]): readonly Group[] {
  const inProgram = (pattern: string) => PROGRAM_ROOMS.includes(pattern.split('/')[0] ?? '');
  return [
    { globPatterns: patterns.filter(inProgram), execArgv: ['--import', 'tsx'] },
    { globPatterns: patterns.filter((pattern) => !inProgram(pattern)), execArgv: [] },
  ].filter((group) => group.globPatterns.length > 0);
}

/** Runs the groups one after the other into one reporter. Resolves to the number of failed and cancelled tests. */
async function runGroups(groups: readonly Group[]): Promise<number> {
  const reporter = new spec();
  reporter.pipe(process.stdout);
  const totals = new Map<string, number>();
  let coverage: CoverageByRoom = new Map();
  for (const group of groups) {
    const stream = run({
      ...group,
      concurrency: Math.max(2, cpus().length),
      coverage: options.has('--coverage'),
      coverageExcludeGlobs: COVERAGE_EXCLUDED,
      timeout: testTimeout(),
    });
    for await (const event of stream) {
      if (event.type === 'test:coverage') coverage = joinCoverage(coverage, event.data.summary.files, process.cwd());
      else if (!addTotal(event, totals)) reporter.write(event);
    }
  }
  for (const line of coverageLines(coverage)) reporter.write(diagnostic(line));
  for (const [name, count] of totals) reporter.write(diagnostic(`${name} ${count}`));
  reporter.end();
  if ((totals.get('tests') ?? 0) === 0) throw new Error('Cannot run the tests as no file matches. Check the patterns.');
  return (totals.get('fail') ?? 0) + (totals.get('cancelled') ?? 0);
}

/** Milliseconds for one test file. A test that hangs must not hang the suite. */
function testTimeout(): number {
  return new EnvironmentReader().integer('MAINSTAY_TEST_TIMEOUT', { fallback: 300_000, minimum: 1000 });
}

/** Adds up the closing counts of a group (`tests 18`, `duration_ms 675.0`). True if the event was one. */
function addTotal(event: { readonly type: string; readonly data: unknown }, totals: Map<string, number>): boolean {
  if (event.type !== 'test:diagnostic') return false;
  const { message, nesting, file } = event.data as EventData.TestDiagnostic;
  const match = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)$/.exec(message);
  if (!match || nesting !== 0 || file !== undefined) return false;
  totals.set(match[1]!, (totals.get(match[1]!) ?? 0) + Number(match[2]));
  return true;
}

function diagnostic(message: string): {
  readonly type: 'test:diagnostic';
  readonly data: { readonly nesting: 0; readonly message: string; readonly level: 'info' };
} {
  return { type: 'test:diagnostic', data: { nesting: 0, message, level: 'info' } };
}
