import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { createEmbeddedPulumi, type EmbeddedPulumi } from '../../../engine/automation/pulumi-command.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

export interface StackOnMotoOptions {
  /** A stack of this repository: the name of its file in stacks/. */
  readonly stack: string;
  /** Where the AWS API is. */
  readonly url: string;
  /** For the copy of the program and its state; is made where it is missing. */
  readonly folder: string;
  /** Settings of the stack's file that are kept (`mainstay:network`, ...); default: all. */
  readonly only?: readonly string[];
  readonly onOutput?: (text: string) => void;
}

/**
 * A stack of this repository whose AWS part is made by providers/aws at a test server, while the sandbox stands in for Kubernetes: moto's
 * clusters have no API. The program and the stack's file are those of the repository but for that one setting. State stays in the folder.
 */
export class StackOnMoto {
  readonly #options: StackOnMotoOptions;
  readonly #pulumi: EmbeddedPulumi;

  constructor(options: StackOnMotoOptions) {
    this.#options = options;
    this.#pulumi = createEmbeddedPulumi({ environment: this.environment() });
  }

  /** Makes the copy, and the stack in a backend of its own. May be called again. */
  async prepare(): Promise<void> {
    const { folder, stack, only } = this.#options;
    mkdirSync(join(folder, 'state'), { recursive: true });
    for (const part of ['Pulumi.yaml', 'package.json', 'infra', 'components', 'stacks'])
      cpSync(join(ROOT, part), join(folder, part), { recursive: true });
    if (!existsSync(join(folder, 'node_modules')))
      symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const file = join(folder, 'stacks', `Pulumi.${stack}.yaml`);
    const settings = parseDocument(readFileSync(file, 'utf8'));
    const keys = Object.keys(settings.toJS().config as object);
    for (const key of keys) if (only && !only.includes(key)) settings.deleteIn(['config', key]);
    settings.setIn(['config', 'mainstay:sandbox'], ['kubernetes']);
    writeFileSync(file, settings.toString());
    await this.#pulumi.run(['stack', 'select', '--create', stack], folder, {});
  }

  /** A command of the engine for this stack: `up`, `preview`, `refresh`, `destroy`, ... Rejects with its output where it fails. */
  async run(command: string, ...options: readonly string[]): Promise<string> {
    const { folder, stack, onOutput } = this.#options;
    const { stdout } = await this.#pulumi.run([command, '--stack', stack, ...options], folder, {}, onOutput);
    return stdout;
  }

  close(): Promise<void> {
    return this.#pulumi.close();
  }

  /** What the engine's executable needs to work on the same stack. */
  environment(): Record<string, string> {
    const { folder, url } = this.#options;
    return {
      PATH: process.env.PATH ?? '',
      HOME: folder,
      PULUMI_HOME: join(folder, 'home'),
      PULUMI_BACKEND_URL: `file://${join(folder, 'state')}`,
      // Of the example stacks in this repository.
      PULUMI_CONFIG_PASSPHRASE: 'mainstay-demo',
      AWS_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
  }
}
