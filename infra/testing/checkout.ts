import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(__dirname, '..', '..');

export interface Finished {
  readonly code: number;
  readonly output: string;
}

/**
 * A copy of this repository's program with a Pulumi home and a state of its own, driven by the embedded engine's executable. For tests;
 * `remove` takes everything away.
 */
export class Checkout {
  readonly folder = mkdtempSync(join(tmpdir(), 'mainstay-estate-'));
  readonly #environment: Readonly<Record<string, string | undefined>>;

  constructor(environment: Readonly<Record<string, string | undefined>> = {}) {
    for (const part of ['Pulumi.yaml', 'package.json', 'infra', 'components', 'stacks']) {
      cpSync(join(ROOT, part), join(this.folder, part), { recursive: true });
    }
    for (const part of ['node_modules', 'providers']) symlinkSync(join(ROOT, part), join(this.folder, part));
    this.#environment = {
      PATH: process.env.PATH,
      HOME: this.folder,
      PULUMI_HOME: join(this.folder, '.home'),
      PULUMI_BACKEND_URL: `file://${this.folder}`,
      PULUMI_CONFIG_PASSPHRASE: 'mainstay-demo',
      ...environment,
    };
  }

  /** The embedded engine's executable, as a person calls it. */
  pulumi(...args: readonly string[]): Promise<Finished> {
    return this.run(join(ROOT, 'engine/bin/pulumi'), ...args, '--non-interactive');
  }

  async run(command: string, ...args: readonly string[]): Promise<Finished> {
    const child = spawn(command, [...args], { cwd: this.folder, env: this.#environment });
    const chunks: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => chunks.push(text));
    }
    const [code] = await once(child, 'close');
    return { code, output: chunks.join('') };
  }

  /** Fails with everything that was printed, unless the command succeeds. */
  async succeeds(...args: readonly string[]): Promise<string> {
    const { code, output } = await this.pulumi(...args);
    assert.equal(code, 0, output);
    return output;
  }

  read(file: string): string {
    return readFileSync(join(this.folder, file), 'utf8');
  }

  /** Writes a file, with the folders that it needs. */
  write(file: string, text: string): void {
    mkdirSync(dirname(join(this.folder, file)), { recursive: true });
    writeFileSync(join(this.folder, file), text);
  }

  /** Runs this repository's `node` in the checkout. */
  node(...args: readonly string[]): Promise<Finished> {
    return this.run(join(ROOT, 'node_modules/.bin/node'), ...args);
  }

  /** Replaces a text that the file must have. */
  edit(file: string, from: string, to: string): void {
    const text = this.read(file);
    assert.ok(text.includes(from), `${file} has ${from}`);
    writeFileSync(join(this.folder, file), text.replace(from, to));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
