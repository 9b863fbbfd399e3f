import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestCloud } from '../../engine/deploy/testing/test-cloud.ts';
import { project, stack, thingType } from './program.ts';
import type { ScenarioPending } from './scenario-data.ts';

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

  /** The resources of the state, and as such what is under way. */
  async resources(): Promise<readonly Record<string, unknown>[]> {
    const { checkpoint } = JSON.parse(await readFile(this.stateFile, 'utf8'));
    const { resources = [], pending_operations: pending = [] } = (checkpoint.latest ?? {}) as StoredDeployment;
    return [...resources, ...pending.map(({ resource, type }) => ({ ...resource, underWay: type }))];
  }

  /** Writes into the state what an engine that was killed may leave there: resources that it was making or changing. */
  async leaveUnderWay(pending: readonly ScenarioPending[]): Promise<void> {
    const file = JSON.parse(await readFile(this.stateFile, 'utf8'));
    const latest = file.checkpoint.latest as StoredDeployment | null;
    const things = (latest?.resources ?? []).filter(({ type, id }) => type === thingType && id);
    if (!latest || things.length === 0) return;
    const operations = pending.flatMap(({ name, kind }): UnderWay[] => {
      const { created: _created, modified: _modified, ...thing } = things[0]!;
      const urn = `${String(thing.urn).slice(0, String(thing.urn).lastIndexOf('::'))}::lost-${name}`;
      if (kind === 'creating') return [{ resource: { ...thing, urn, id: undefined, outputs: undefined }, type: kind }];
      const known = things.find((one) => String(one.urn).endsWith(`::${name}`));
      return known ? [{ resource: known, type: kind }] : [];
    });
    latest.pending_operations = [...(latest.pending_operations ?? []), ...operations];
    await writeFile(this.stateFile, JSON.stringify(file));
  }
}

interface StoredDeployment {
  readonly resources?: readonly Record<string, unknown>[];
  pending_operations?: readonly UnderWay[];
}

interface UnderWay {
  readonly resource: Record<string, unknown>;
  readonly type: string;
}
