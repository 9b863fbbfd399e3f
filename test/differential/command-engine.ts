import { type ChildProcess, execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { TestCloud } from '../../engine/deploy/testing/test-cloud.ts';
import { type ServedProvider, serveProvider } from '../../protocol/provider-server.ts';
import { forwarding } from './forwarding-provider.ts';
import {
  normalizeCalls,
  normalizeState,
  normalizeSteps,
  type OperationReport,
  pattern,
  policyOf,
  type SeenStep,
} from './operation-report.ts';
import { executable, PolicyPackServer } from './policy-pack-server.ts';
import { groupType, otherProgram, project, stack, thingType } from './program.ts';
import { ProgramCallbacks } from './program-callbacks.ts';
import { ProgramServer } from './program-server.ts';
import type { Operation } from './scenario-data.ts';
import { Workplace } from './workplace.ts';

/** The parts of a deployment that tests look at. */
export interface Deployment {
  readonly resources?: readonly {
    readonly urn: string;
    readonly id?: string;
    readonly pendingReplacement?: boolean;
    readonly delete?: boolean;
  }[];
  readonly pending_operations?: readonly { readonly type: string; readonly resource: { readonly urn: string } }[];
}

/** What the output of a command says that had to be killed. */
export const neverEnded = '\nthe command never ended';

/** An engine behind a `pulumi` executable. Programs and providers run in this process. */
export class CommandEngine {
  readonly name: string;
  /** More variables for the commands. */
  environment: Readonly<Record<string, string>> = {};
  readonly #executable: string;
  readonly #callbacks = new ProgramCallbacks(() => this.#cloud);
  readonly #programs = new ProgramServer(this.#callbacks);
  readonly #policies = new PolicyPackServer((call) => this.#cloud.calls.push(call));
  #provider: ServedProvider | undefined;
  /** The cloud of the workplace that is worked on; the provider that is served hands every call on to it. */
  #cloud: TestCloud = new TestCloud();
  #template: string | undefined;
  #running: ChildProcess | undefined;

  constructor(name: string, executable: string) {
    this.name = name;
    this.#executable = executable;
  }

  async start(): Promise<void> {
    await this.#callbacks.start();
    await this.#programs.start();
    this.#provider = await serveProvider(forwarding(() => this.#cloud));
    this.#template = await mkdtemp(join(tmpdir(), 'differential-'));
    await this.#policies.start(join(this.#template, 'pack'));
    await mkdir(join(this.#template, 'state'));
    await writeFile(join(this.#template, 'Pulumi.yaml'), `name: ${project}\nruntime: nodejs\n`);
    const { code, output } = await this.#run(this.#template, ['stack', 'init', `organization/${project}/${stack}`]);
    if (code !== 0) throw new Error(`${this.name}: stack init failed: ${output}`);
  }

  async close(): Promise<void> {
    this.#programs.close();
    this.#callbacks.close();
    this.#policies.close();
    await this.#provider?.close();
    if (this.#template) await rm(this.#template, { recursive: true, force: true });
  }

  /** A new stack with nothing in it. */
  async workplace(): Promise<Workplace> {
    const directory = await mkdtemp(join(tmpdir(), 'differential-'));
    await cp(this.#template!, directory, { recursive: true });
    return new Workplace(directory, new TestCloud());
  }

  /** Ends the command that is running as a power cut would. */
  kill(): void {
    this.#running?.kill('SIGKILL');
  }

  /** The deployment that `stack export` shows: what the engine makes of the state as it is. */
  async export(workplace: Workplace): Promise<Deployment> {
    const name = `organization/${project}/${stack}`;
    const { code, output } = await this.#run(workplace.directory, ['stack', 'export', '--stack', name]);
    if (code !== 0) throw new Error(`${this.name}: stack export failed: ${output}`);
    return JSON.parse(output).deployment;
  }

  /** What a killed command leaves is released. */
  async cancel(workplace: Workplace): Promise<void> {
    await this.#run(workplace.directory, ['cancel', '--yes', '--stack', `organization/${project}/${stack}`]);
  }

  async carryOut(workplace: Workplace, operation: Operation): Promise<OperationReport> {
    workplace.cloud.calls.length = 0;
    const { plan, ...plain } = operation;
    if (plan === undefined)
      return this.#carryOut(workplace, operation, await this.#importArguments(workplace, operation));
    const file = join(workplace.directory, 'plan.json');
    await rm(file, { force: true });
    const planned: Operation = { ...(plan === 'broken' ? otherProgram(plain) : plain), kind: 'preview' };
    const preview = await this.#carryOut(workplace, planned, ['--save-plan', file]);
    return preview.result === 'failed' ? preview : this.#carryOut(workplace, plain, ['--plan', file]);
  }

  async #importArguments(workplace: Workplace, { kind, imports = [] }: Operation): Promise<readonly string[]> {
    if (kind !== 'import') return [];
    const file = join(workplace.directory, 'import.json');
    const group = { type: groupType, name: 'adopted', component: true };
    const resources = imports.map(({ name, id, grouped, properties }) => ({
      type: thingType,
      name,
      id,
      ...(grouped && { parent: group.name }),
      ...(properties && { properties }),
    }));
    const groups = imports.some(({ grouped }) => grouped) ? [group] : [];
    await writeFile(file, JSON.stringify({ resources: [...groups, ...resources] }));
    return ['--file', file, '--generate-code=false', `--protect=${imports[0]?.protect ?? true}`];
  }

  async #carryOut(workplace: Workplace, operation: Operation, more: readonly string[]): Promise<OperationReport> {
    this.#programs.current = operation;
    this.#policies.current = operation;
    this.#cloud = workplace.cloud;
    const log = join(workplace.directory, 'events.json');
    await rm(log, { force: true });
    const { code, output } = await this.#run(workplace.directory, [
      ...this.#argumentsOf(operation),
      ...more,
      '--event-log',
      log,
    ]);
    const events = (await readFile(log, 'utf8').catch(() => ''))
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    return {
      result: code === 0 ? 'succeeded' : 'failed',
      steps: normalizeSteps(events.flatMap(stepOf)),
      policies: events.flatMap(policyOf).sort(),
      changes: events.findLast((event) => event.summaryEvent)?.summaryEvent.resourceChanges ?? {},
      calls: normalizeCalls(workplace.cloud.calls),
      state: normalizeState(await workplace.resources()),
      messages: [output],
    };
  }

  #argumentsOf(operation: Operation): string[] {
    const { kind, continueOnError, refresh, targets, targetDependents, replaces, parallel = 1 } = operation;
    const { excludes = [], excludeDependents, policies, runProgram, clearPending } = operation;
    const program = kind === 'up' || kind === 'preview';
    return [
      kind,
      ...(kind === 'preview' ? [] : ['--yes', '--skip-preview']),
      // Also where no program runs: the engine would start a language host to ask it for plugins.
      ...(kind === 'import' ? [] : [`--client=${this.#programs.address}`, '--exec-kind', 'auto.inline']),
      '--stack',
      `organization/${project}/${stack}`,
      '--parallel',
      String(parallel),
      ...(continueOnError && (kind === 'up' || kind === 'destroy') ? ['--continue-on-error'] : []),
      ...(refresh && kind !== 'refresh' ? ['--refresh'] : []),
      ...targets.flatMap((name) => ['--target', pattern(name)]),
      ...(targets.length > 0 && targetDependents ? ['--target-dependents'] : []),
      ...excludes.flatMap((name) => ['--exclude', pattern(name)]),
      ...(excludes.length > 0 && excludeDependents && kind !== 'destroy' ? ['--exclude-dependents'] : []),
      ...(program ? replaces.flatMap((name) => ['--replace', pattern(name)]) : []),
      ...(policies && program ? ['--policy-pack', this.#pack] : []),
      ...(runProgram && (kind === 'refresh' || kind === 'destroy') ? ['--run-program'] : []),
      ...(kind === 'refresh' ? [clearPending ? '--clear-pending-creates' : '--skip-pending-creates'] : []),
    ];
  }

  /** The official engine starts what runs the packs of a runtime, ours any executable. */
  get #pack(): string {
    const folder = join(this.#template!, 'pack');
    return this.name === 'official' ? folder : executable(folder);
  }

  #run(directory: string, args: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
    const port = this.#provider!.address.split(':')[1];
    const environment = {
      PATH: `${dirname(this.#executable)}:${join(this.#template!, 'pack')}:${process.env.PATH}`,
      HOME: directory,
      PULUMI_HOME: join(directory, 'home'),
      PULUMI_BACKEND_URL: `file://${join(directory, 'state')}`,
      PULUMI_CONFIG_PASSPHRASE: 'differential',
      PULUMI_SKIP_UPDATE_CHECK: 'true',
      PULUMI_DEBUG_COMMANDS: 'true',
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
      PULUMI_DEBUG_PROVIDERS: `test:${port}`,
      PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS: 'true',
      ...this.environment,
    };
    return new Promise((resolve) => {
      this.#running = execFile(
        this.#executable,
        [...args, '--non-interactive', '--color', 'never'],
        { cwd: directory, env: environment, timeout: 60_000, maxBuffer: 1 << 24 },
        (error, stdout, stderr) =>
          resolve({ code: error ? 1 : 0, output: `${stdout}${stderr}${error?.killed ? neverEnded : ''}` }),
      );
    });
  }
}

/** The JSON form of an event calls the kind of a difference `diffKind` (sdk/go/common/apitype/events.go). */
interface EventMetadata {
  readonly op: string;
  readonly urn: string;
  readonly keys: readonly string[] | null;
  readonly detailedDiff: Readonly<Record<string, { readonly diffKind: string; readonly inputDiff: boolean }>> | null;
}

function stepOf(event: { readonly resourcePreEvent?: { readonly metadata: EventMetadata } }): SeenStep[] {
  const metadata = event.resourcePreEvent?.metadata;
  if (!metadata) return [];
  const detailedDiff = Object.entries(metadata.detailedDiff ?? {}).map(
    ([path, { diffKind, inputDiff }]) => [path, { kind: diffKind, inputDiff }] as const,
  );
  return [
    { op: metadata.op, urn: metadata.urn, detailedDiff: Object.fromEntries(detailedDiff), keys: metadata.keys ?? [] },
  ];
}
