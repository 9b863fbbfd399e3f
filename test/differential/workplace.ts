import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestCloud } from '../../engine/deploy/testing/test-cloud.ts';
import { project, stack } from './program.ts';

/** The stack files of one scenario, which engines may take turns on. */
export class Workplace {
  readonly directory: string;
  /** The resources outside of the engines. */
  readonly cloud: TestCloud;

  constructor(directory: string, cloud: TestCloud) {
    this.directory = directory;
    this.cloud = cloud;
  }

  get stateFile(): string {
    return join(this.directory, 'state', '.pulumi', 'stacks', project, `${stack}.json`);
  }

  /** Forgets the stack. */
  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  async resources(): Promise<readonly Record<string, unknown>[]> {
    const { checkpoint } = JSON.parse(await readFile(this.stateFile, 'utf8'));
    return checkpoint.latest?.resources ?? [];
  }
}
