import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** What an operation did, by kind of step. */
export type Changes = Readonly<Record<string, number>>;

export interface TestResource {
  readonly urn: string;
  readonly type: string;
  readonly id: string;
  readonly inputs: never;
  readonly outputs: never;
  readonly initErrors?: readonly string[];
}

export interface TestProgramOptions {
  /** Folder in `fixtures`. */
  readonly fixture: string;
  readonly kubeconfig: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** The CLI; default: ours. */
  readonly executable?: string;
}

/** For tests: a copy of a program of `fixtures` with a stack of its own, run by a CLI as a person would. */
export class TestProgram {
  readonly folder: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #executable: string;

  constructor(folder: string, options: TestProgramOptions) {
    this.folder = folder;
    this.#executable = options.executable ?? join(root, 'engine/bin/pulumi');
    this.#environment = {
      ...process.env,
      KUBECONFIG: options.kubeconfig,
      PULUMI_BACKEND_URL: `file://${folder}`,
      PULUMI_HOME: join(folder, 'home'),
      PULUMI_CONFIG_PASSPHRASE: 'test',
      PULUMI_SKIP_UPDATE_CHECK: 'true',
      ...options.environment,
    };
  }

  static async start(options: TestProgramOptions): Promise<TestProgram> {
    const folder = await mkdtemp(join(tmpdir(), `mainstay-${options.fixture}-`));
    const program = new TestProgram(folder, options);
    await cp(join(import.meta.dirname, 'fixtures', options.fixture), program.directory, { recursive: true });
    await symlink(join(root, 'node_modules'), join(program.directory, 'node_modules'));
    await program.pulumi('stack', 'init', 'test');
    return program;
  }

  /** The same program and stack, run by another CLI. */
  with(options: TestProgramOptions): TestProgram {
    return new TestProgram(this.folder, options);
  }

  get directory(): string {
    return join(this.folder, 'program');
  }

  /** Standard output. Rejects with all that was said. */
  pulumi(...args: readonly string[]): Promise<string> {
    return new Promise((done, reject) => {
      const options = { cwd: this.directory, env: this.#environment, maxBuffer: 1 << 26 };
      execFile(this.#executable, [...args, '--non-interactive'], options, (error, stdout, stderr) =>
        error ? reject(new Error(`pulumi ${args.join(' ')}: ${stdout}\n${stderr}`)) : done(stdout),
      );
    });
  }

  async configure(settings: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, value] of Object.entries(settings)) await this.pulumi('config', 'set', name, value);
  }

  async up(): Promise<void> {
    await this.pulumi('up', '--yes', '--skip-preview');
  }

  async preview(): Promise<Changes> {
    return JSON.parse(await this.pulumi('preview', '--json')).changeSummary;
  }

  async outputs(): Promise<Readonly<Record<string, string | number>>> {
    return JSON.parse(await this.pulumi('stack', 'output', '--json'));
  }

  async resources(): Promise<readonly TestResource[]> {
    return JSON.parse(await this.pulumi('stack', 'export')).deployment.resources ?? [];
  }

  async ofType(type: string): Promise<TestResource> {
    return (await this.resources()).find((resource) => resource.type === type)!;
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}
