import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { git, inClone } from '../../cli/demo-repository.ts';
import { systemCode } from '../../foundation/errors.ts';
import { identityOf, type ManagedProcess, startProcess } from '../../foundation/processes.ts';
import { type ApiClient, createApiClient, parseRunnerAddress } from '../../runner/api/client.ts';
import type { ChangeResponse, RolloutResponse } from '../../runner/api/responses.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const EACH_WITHIN_MS = 180_000;

/** A repository with a small program on the sandbox, and a runner on it. */
export interface Estate {
  readonly repository: string;
  api(): ApiClient;
  /** The data folder as it can be looked at from here: a launcher may have made it another one there. */
  dataFolder(): string;
  /** Where it answers: `http://127.0.0.1:…`. */
  url(): string;
  /** Everything that the runner has said so far. */
  said(): string;
  /** Starts the runner and waits until it answers; `environment` is for this life only. */
  start(environment?: Readonly<Record<string, string>>): Promise<void>;
  /** The process of the runner. */
  pid(): number;
  /** Kills the runner with -9. */
  kill(): Promise<void>;
  /** Kills the runner and every process that it started with -9, its PostgreSQL too. */
  killAll(): Promise<void>;
  /** Ends the runner the orderly way, as Ctrl-C does. Its exit code. */
  end(): Promise<number | undefined>;
  /** Another runner on the same repository, not started, with a data folder of its own. It is closed with this one. */
  beside(name: string, environment: Readonly<Record<string, string>>): Estate;
  /** Waits until the runner has ended by itself; its exit code. */
  ended(): Promise<number | undefined>;
  /** Commits `files` (undefined removes one) on `branch`, from main where the branch is new, and pushes. Returns the commit. */
  push(branch: string, files: Readonly<Record<string, string | undefined>>): Promise<string>;
  /** Merges `branch` into main and pushes. Returns the commit of main. */
  merge(branch: string): Promise<string>;
  rolledOut(commit: string): Promise<RolloutResponse>;
  previewed(branch: string, head: string): Promise<ChangeResponse>;
  /** The stack's state file, read back. */
  state(stack: string): StateFile;
  readonly folder: string;
  /** Asks until there is an answer that is not undefined; an error counts as none yet. */
  until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T>;
  close(): Promise<void>;
}

export interface StateFile {
  readonly resources: readonly {
    readonly urn: string;
    readonly type: string;
    readonly inputs?: Readonly<Record<string, unknown>>;
  }[];
  readonly pending_operations?: readonly unknown[];
}

/** One ConfigMap per entry of `journey:maps`, named by its key. */
const PROGRAM = `import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { labels } from './labels';

const maps = new pulumi.Config().requireObject<Record<string, string>>('maps');
let last: kubernetes.core.v1.ConfigMap | undefined;
for (const [name, value] of Object.entries(maps)) {
  const dependsOn: pulumi.Resource[] = last ? [last] : [];
  last = new kubernetes.core.v1.ConfigMap(name, { metadata: { name, labels }, data: { value } }, { dependsOn });
}
export const names = Object.keys(maps);
`;

export const FIRST_FILES: Readonly<Record<string, string>> = {
  'Pulumi.yaml': 'name: journey\nruntime: nodejs\nmain: infra/\nstackConfigDir: stacks\n',
  'infra/package.json': '{"type": "commonjs"}\n',
  'infra/index.ts': PROGRAM,
  'infra/labels.ts': "export const labels = { team: 'shop' };\n",
  'stacks/mainstay.yaml': 'environments:\n  - name: dev\n    stacks: [dev]\n  - name: prod\n    stacks: [prod]\n',
  'stacks/Pulumi.dev.yaml': stackFile({ one: 'a', two: 'b' }),
  'stacks/Pulumi.prod.yaml': stackFile({ one: 'a' }),
};

/** The text of a stack's file. `slow` makes the sandbox wait that long before it creates what matches. */
export function stackFile(
  maps: Readonly<Record<string, string>>,
  slow?: { readonly match: string; readonly milliseconds: number },
): string {
  const faults = slow ? { 'mainstay:sandboxFaults': [{ kind: 'lag', on: ['create'], ...slow }] } : {};
  return `${JSON.stringify({ config: { 'mainstay:sandbox': true, ...faults, 'journey:maps': maps } }, null, 2)}\n`;
}

export async function createEstate(
  environment: Readonly<Record<string, string>> = {},
  files: Readonly<Record<string, string>> = FIRST_FILES,
  { launcher }: { readonly launcher?: Launcher } = {},
): Promise<Estate> {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-journey-'));
  // Else the user of PostgreSQL cannot enter, and its files would be elsewhere.
  chmodSync(folder, 0o755);
  const repository = join(folder, 'estate.git');
  await createRepository(repository, files);
  return new RunningEstate({ folder, repository, name: 'data', launcher }, environment);
}

/** A bare repository with our own dependencies and `files` in its first commit. */
export async function createRepository(repository: string, files: Readonly<Record<string, string>>): Promise<void> {
  mkdirSync(repository);
  await git(repository, 'init', '--quiet', '--bare', '--initial-branch=main');
  await inClone(repository, async (clone) => {
    for (const name of ['package.json', 'package-lock.json']) cpSync(join(ROOT, name), join(clone, name));
    write(clone, files);
    await git(clone, 'add', '--all');
    await git(clone, 'commit', '--quiet', '--message', 'First');
    await git(clone, 'push', '--quiet', 'origin', 'HEAD:main');
  });
}

/** Commits `files` (undefined removes one) on `branch`, from main where the branch is new, and pushes. Returns the commit. */
export function pushTo(
  repository: string,
  branch: string,
  files: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  return inClone(repository, async (clone) => {
    const known = (await git(clone, 'branch', '--remotes')).includes(`origin/${branch}`);
    if (branch !== 'main')
      await git(clone, 'checkout', '--quiet', '-B', branch, known ? `origin/${branch}` : 'origin/main');
    write(clone, files);
    await git(clone, 'add', '--all');
    await git(clone, 'commit', '--quiet', '--message', `On ${branch}`);
    await git(clone, 'push', '--quiet', 'origin', `HEAD:${branch}`);
    return git(clone, 'rev-parse', 'HEAD');
  });
}

/** Merges `branch` into main, in the style of a forge's button, and pushes. Returns the commit of main. */
export function mergeInto(
  repository: string,
  branch: string,
  style: 'merge' | 'squash' | 'rebase' = 'merge',
): Promise<string> {
  return inClone(repository, async (clone) => {
    if (style === 'squash') {
      await git(clone, 'merge', '--quiet', '--squash', `origin/${branch}`);
      await git(clone, 'commit', '--quiet', '--message', `Squash ${branch}`);
    } else if (style === 'rebase') {
      await git(clone, 'checkout', '--quiet', `origin/${branch}`);
      await git(clone, 'rebase', '--quiet', '--force-rebase', 'origin/main');
    } else await git(clone, 'merge', '--quiet', '--no-ff', '--message', `Merge ${branch}`, `origin/${branch}`);
    await git(clone, 'push', '--quiet', 'origin', 'HEAD:main');
    return git(clone, 'rev-parse', 'HEAD');
  });
}

function write(clone: string, files: Readonly<Record<string, string | undefined>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(clone, name)), { recursive: true });
    if (text === undefined) rmSync(join(clone, name));
    else writeFileSync(join(clone, name), text);
  }
}

/** The command that a runner with this data folder is started by: it becomes the command that follows. */
export type Launcher = (dataFolder: string) => readonly [command: string, ...args: readonly string[]];

class RunningEstate implements Estate {
  readonly folder: string;
  readonly repository: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #name: string;
  readonly #launcher: Launcher | undefined;
  readonly #others: Estate[] = [];
  #runner: ManagedProcess | undefined;
  #said = '';
  #api: ApiClient | undefined;
  #url = '';

  constructor(
    {
      folder,
      repository,
      name,
      launcher,
    }: {
      readonly folder: string;
      readonly repository: string;
      readonly name: string;
      readonly launcher?: Launcher | undefined;
    },
    environment: Readonly<Record<string, string>>,
  ) {
    this.folder = folder;
    this.repository = repository;
    this.#name = name;
    this.#launcher = launcher;
    this.#environment = environment;
  }

  get #data(): string {
    return join(this.folder, this.#name);
  }

  dataFolder(): string {
    return this.#launcher ? `/proc/${this.pid()}/root${this.#data}` : this.#data;
  }

  beside(name: string, environment: Readonly<Record<string, string>>): Estate {
    const { folder, repository } = this;
    const other = new RunningEstate({ folder, repository, name }, { ...this.#environment, ...environment });
    this.#others.push(other);
    return other;
  }

  said(): string {
    return this.#said;
  }

  api(): ApiClient {
    if (!this.#api) throw new Error('the runner has not been started');
    return this.#api;
  }

  url(): string {
    return this.#url;
  }

  async start(environment: Readonly<Record<string, string>> = {}): Promise<void> {
    const env = {
      ...process.env,
      MAINSTAY_DATA: this.#data,
      MAINSTAY_REPOSITORIES: `estate=${this.repository}`,
      MAINSTAY_PORT: '0',
      MAINSTAY_POLL: '2',
      MAINSTAY_ENGINE: 'embedded',
      PULUMI_CONFIG_PASSPHRASE: 'a passphrase of the journey',
      ...this.#environment,
      ...environment,
    };
    const args = ['--disable-warning=DeprecationWarning', join(ROOT, 'runner/main.ts')];
    const [command, ...all] = [...(this.#launcher?.(this.#data) ?? []), process.execPath, ...args];
    const runner = await startProcess(command!, all, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#runner = runner;
    for (const stream of [runner.child.stdout!, runner.child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#said += text;
      });
    const started = await this.until('the runner', async () => {
      if (!identityOf(runner.identity.pid)) return 'ended' as const;
      const file = join(this.dataFolder(), 'runner.json');
      const address = parseRunnerAddress(file, readFileSync(file, 'utf8'));
      if (address.pid !== runner.identity.pid) return undefined;
      this.#url = address.url;
      return createApiClient(address);
    });
    if (started === 'ended') throw new Error(`the runner ended: ${this.#said}`);
    this.#api = started;
  }

  pid(): number {
    return this.#runner!.identity.pid;
  }

  async kill(): Promise<void> {
    process.kill(this.#runner!.identity.pid, 'SIGKILL');
    await this.#runner!.exited;
  }

  async killAll(): Promise<void> {
    const own = this.pid();
    const database = postmasterOf(this.#data);
    const all = [own, ...descendantsOf(own), ...(database === undefined ? [] : [database, ...descendantsOf(database)])];
    for (const pid of new Set(all)) killNow(pid);
    await this.#runner!.exited;
  }

  async end(): Promise<number | undefined> {
    return (await this.#runner?.end({ signal: 'SIGINT', graceMs: 60_000 }))?.code;
  }

  async ended(): Promise<number | undefined> {
    return (await this.#runner!.exited).code;
  }

  push(branch: string, files: Readonly<Record<string, string | undefined>>): Promise<string> {
    return pushTo(this.repository, branch, files);
  }

  merge(branch: string): Promise<string> {
    return mergeInto(this.repository, branch);
  }

  rolledOut(commit: string): Promise<RolloutResponse> {
    return this.until(`the rollout of ${commit}`, async () => {
      const rollout = (await this.api().rollouts()).find((candidate) => candidate.commit === commit);
      return rollout && (rollout.endedAt !== undefined || rollout.state === 'waiting') ? rollout : undefined;
    });
  }

  previewed(branch: string, head: string): Promise<ChangeResponse> {
    return this.until(`the preview of ${branch}`, async () => {
      const change = (await this.api().changes()).find(({ name }) => name === branch);
      if (change?.head !== head) return undefined;
      const done =
        change.problem !== undefined ||
        (change.merge !== undefined && change.runs.every(({ endedAt }) => endedAt !== undefined));
      return done ? change : undefined;
    });
  }

  async until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
    const deadline = performance.now() + EACH_WITHIN_MS;
    let last: unknown;
    while (performance.now() < deadline) {
      try {
        const answer = await ask();
        if (answer !== undefined) return answer;
      } catch (error) {
        last = error;
      }
      await delay(30);
    }
    throw new Error(`${what} did not come. The runner said:\n${this.#said}`, { cause: last });
  }

  state(stack: string): StateFile {
    const file = join(this.dataFolder(), 'state/.pulumi/stacks/journey', `${stack}.json`);
    const { checkpoint } = JSON.parse(readFileSync(file, 'utf8')) as { checkpoint: { latest: StateFile } };
    return checkpoint.latest;
  }

  async close(): Promise<void> {
    for (const other of this.#others) await other.close();
    await this.#runner?.end({ graceMs: 30_000 });
    // A runner that was killed leaves its PostgreSQL.
    const pid = postmasterOf(this.#data);
    if (pid !== undefined && identityOf(pid)) {
      process.kill(pid, 'SIGINT');
      while (identityOf(pid)) await delay(20);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error;
  }
}

/** The children of a process, and theirs. */
function descendantsOf(root: number): readonly number[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const pairs = lines.map((line) => line.trim().split(/\s+/).map(Number));
  const found = [root];
  for (const parent of found) found.push(...pairs.filter((pair) => pair[1] === parent).map((pair) => pair[0]!));
  return found.slice(1);
}

/** The pid of the PostgreSQL of a data folder. */
export function postmasterOf(data: string): number | undefined {
  try {
    return Number(readFileSync(join(data, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0]);
  } catch {
    return undefined;
  }
}
