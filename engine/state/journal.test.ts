import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isMainstayError } from '../../foundation/errors.ts';
import { newResourceState, type ResourceState } from '../deploy/resource-state.ts';
import type { Step } from '../deploy/step.ts';
import { stepOf } from '../deploy/testing/step-of.ts';
import type { RawDeployment } from './backend.ts';
import { checkpointText, decodeDeployment, encodeDeployment, parseCheckpoint } from './checkpoint.ts';
import { foldJournal } from './fold-journal.ts';
import { checkIntegrity } from './integrity.ts';
import { entriesSince, parseJournal } from './journal.ts';
import { CheckpointRecorder, type RecorderStore } from './recorder.ts';
import type { Snapshot } from './snapshot.ts';

const type = 'test:index:Thing';

function thing(name: string, fields: Partial<ResourceState> = {}): ResourceState {
  return newResourceState({ urn: `urn:pulumi:dev::demo::${type}::${name}`, type, custom: true, id: name, ...fields });
}

interface Disk {
  readonly checkpoint: string;
  readonly journal: string;
}

/** A disk that remembers every state that a crash could leave, and that fails where it is told to. */
class CrashingDisk implements RecorderStore {
  readonly baseText: string;
  readonly checkpointPause = 0;
  states: Disk[] = [];
  #disk: Disk;
  readonly #fails: () => boolean;

  constructor(base: Snapshot, fails: () => boolean) {
    this.baseText = this.checkpointText(encodeDeployment(base));
    this.#disk = { checkpoint: this.baseText, journal: '' };
    this.#fails = fails;
  }

  checkpointText(raw: RawDeployment): string {
    return checkpointText('organization/demo/dev', raw);
  }

  async writeCheckpoint(checkpoint: string): Promise<void> {
    if (this.#fails()) throw new Error('the disk is full');
    this.#become({ ...this.#disk, checkpoint });
  }

  async openJournal() {
    return {
      append: async (text: string) => {
        const { journal } = this.#disk;
        if (this.#fails()) throw new Error('the disk is full');
        for (let cut = 1; cut <= text.length; cut += 1)
          this.#become({ ...this.#disk, journal: journal + text.slice(0, cut) });
      },
      close: async () => {},
    };
  }

  async deleteJournal(): Promise<void> {
    this.#become({ ...this.#disk, journal: '' });
  }

  #become(disk: Disk): void {
    this.#disk = disk;
    this.states.push(disk);
  }

  /** What could be found since the last call. */
  take(): readonly Disk[] {
    const states = this.states.length > 0 ? this.states : [this.#disk];
    this.states = [];
    return states;
  }
}

async function readBack({ checkpoint, journal }: Disk): Promise<Snapshot> {
  const raw = parseCheckpoint(checkpoint, 'dev.json');
  const entries = parseJournal(journal, 'dev.jsonl');
  const added = entries.length === 0 ? [] : entriesSince(entries, checkpoint);
  assert.ok(added, 'the journal knows the checkpoint');
  const snapshot = await decodeDeployment(added.length > 0 ? foldJournal(raw, added) : raw, () => assert.fail());
  checkIntegrity(snapshot.resources);
  return snapshot;
}

function namesOf(resources: readonly ResourceState[]): string {
  return JSON.stringify(resources.map(({ urn, id, inputs }) => `${urn} ${id} ${JSON.stringify(inputs)}`).sort());
}

const moves = fc.array(
  fc.record({
    op: fc.constantFrom('create', 'fail', 'update', 'delete', 'same', 'rename'),
    fails: fc.integer({ min: 0, max: 5 }),
  }),
  { maxLength: 12 },
);

const base: Snapshot = {
  resources: [
    thing('parent'),
    thing('child', { parent: thing('parent').urn, urn: `urn:pulumi:dev::demo::${type}$${type}::child` }),
    thing('left', { dependencies: [thing('parent').urn], propertyDependencies: { at: [thing('parent').urn] } }),
    thing('other'),
  ],
  pendingOperations: [
    { kind: 'updating', resource: thing('other') },
    { kind: 'creating', resource: thing('unknown', { id: '' }) },
  ],
  secretsManager: undefined,
  preserved: {},
};

test('reads, from any byte that a crash leaves of checkpoint and journal, the state before or after the step under way', async () => {
  await fc.assert(
    fc.asyncProperty(moves, async (sequence) => {
      const left = base.resources.map((state) => ({ ...state }));
      let failures = 0;
      const disk = new CrashingDisk({ ...base, resources: left }, () => failures-- > 0);
      const recorder = new CheckpointRecorder({ ...base, resources: left }, disk, undefined);
      let before = namesOf(left);
      const added: ResourceState[] = [];
      for (const [index, { op, fails }] of sequence.entries()) {
        const { made, outcome } = nextStep(op, { left, added, index });
        // A disk that fails now and then delays what is recorded; nothing is lost by it.
        failures = fails === 0 ? 1 : 0;
        const recorded =
          (await attempt(() => recorder.beginStep(made))) && (await attempt(() => recorder.endStep(made, outcome)));
        failures = 0;
        const after = namesOf((await readBackNormalized([...added, ...left])).resources);
        for (const state of disk.take()) {
          const found = namesOf((await readBack(state)).resources);
          assert.ok(found === before || found === after, `${found}\nis neither\n${before}\nnor\n${after}`);
        }
        if (!recorded) break;
        before = after;
      }
      const closed = await recorder.close();
      assert.equal(namesOf((await readBack(disk.take().at(-1)!)).resources), namesOf(closed.resources));
      assert.deepEqual(
        closed.pendingOperations.map(({ kind }) => kind),
        ['creating'],
      );
    }),
    { numRuns: 20 },
  );
});

async function attempt(run: () => Promise<void>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch {
    return false;
  }
}

/** By the way that every state takes: into the checkpoint's form and back, with references to renamed resources corrected. */
async function readBackNormalized(resources: readonly ResourceState[]): Promise<Snapshot> {
  const { normalizeUrnReferences } = await import('./urn-references.ts');
  return { ...base, resources: normalizeUrnReferences(resources) };
}

interface Progress {
  readonly left: ResourceState[];
  readonly added: ResourceState[];
  readonly index: number;
}

/** Old resources are dealt with in their order, as dependencies demand; deletes from the end. */
function nextStep(
  op: string,
  { left, added, index }: Progress,
): { readonly made: Step; readonly outcome: 'success' | 'failure' } {
  const fresh = thing(`new-${index}`);
  if (op === 'fail') return { made: stepOf('create', undefined, fresh), outcome: 'failure' };
  const old = op === 'delete' ? left.pop() : op === 'create' ? undefined : left.shift();
  if (old === undefined || op === 'create') {
    added.push(fresh);
    return { made: stepOf('create', undefined, fresh), outcome: 'success' };
  }
  if (op === 'delete') return { made: stepOf('delete', old, undefined), outcome: 'success' };
  const parent = added.find(({ aliases }) => aliases.includes(old.parent))?.urn ?? old.parent;
  const renamed = `${old.urn}-renamed`;
  const next = {
    ...old,
    parent,
    dependencies: parent === old.parent ? old.dependencies : [],
    ...(op === 'update' && { inputs: { changed: index } }),
    ...(op === 'rename' && { urn: renamed, aliases: [old.urn] }),
  };
  added.push(next);
  return { made: stepOf(op === 'update' ? 'update' : 'same', old, next), outcome: 'success' };
}

test('leaves out what a crash cut off, and refuses damage in the middle by its line', () => {
  const first = '[{"k":"base","checkpoint":"x","fresh":0,"pending":[],"renamed":[]}]\n';
  const parse = (text: string) => parseJournal(text, 'dev.jsonl').map(({ k }) => k);
  assert.deepEqual(parse(`${first}[{"k":"end","op":1}]\n[{"k":"en`), ['base', 'end']);
  assert.deepEqual(parse(`${first}\0\0\0\n`), ['base']);
  assert.deepEqual(parse(`${first}[{"k":"en\n${first}`), ['base', 'base']);
  assert.throws(
    () => parse(`${first}[{"k":"en\n[{"k":"end","op":1}]\n`),
    (error) => isMainstayError(error, 'user') && error.message.startsWith('dev.jsonl:2 '),
  );
});
