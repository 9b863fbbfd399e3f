import type { Diagnostic, EngineEvent } from '../deploy/events.ts';
import type { Step } from '../deploy/step.ts';
import { isRootStack } from '../deploy/urn.ts';
import type { DisplayOptions } from './display.ts';
import { isShown } from './step-filter.ts';
import { stepsOfSandbox } from './steps-of-sandbox.ts';

/** What is known of one resource while an operation runs. */
export interface ResourceRow {
  readonly urn: string;
  /** '' : none, or not known. */
  parent: string;
  /** The last step, or the replacement as a whole once one has ended; undefined: only messages or children so far. */
  step: Step | undefined;
  phase: 'planned' | 'running' | 'done' | 'failed';
  /** Milliseconds of the clock; of the last step. */
  began: number;
  /** Of the last step, once it has ended. */
  seconds: number | undefined;
  /** There is something to say of it. */
  noteworthy: boolean;
  /** The sandbox serves it. */
  sandboxed: boolean;
  readonly counts: { error: number; warning: number; message: number };
  /** The last message, or the last error. */
  last: Diagnostic | undefined;
  /** Grows with every event: the row that changed last has the highest. */
  changed: number;
}

/** A row in its place in the tree. */
export interface TreeRow {
  readonly row: ResourceRow;
  /** Whether each ancestor below the top, and the row itself, is the last of its siblings. */
  readonly lasts: readonly boolean[];
}

type RowFilter = Pick<DisplayOptions, 'showSames' | 'showReads' | 'showReplacementSteps' | 'debug'>;

/** The resources of one operation, by events. Pure but for the clock that it is given. */
export class ResourceRows {
  readonly #rows = new Map<string, ResourceRow>();
  readonly #filter: RowFilter;
  readonly #now: () => number;
  #events = 0;
  #isSandboxed: (step: Step) => boolean = () => false;
  #rootUrn = '';
  /** What was said before there was a stack resource. */
  readonly #early: Diagnostic[] = [];

  constructor(filter: RowFilter, now: () => number) {
    this.#filter = filter;
    this.#now = now;
  }

  /** How many steps run, but for the stack's. */
  get running(): number {
    const rows = [...this.#rows.values()];
    return rows.filter(({ phase, noteworthy, urn }) => phase === 'running' && noteworthy && urn !== this.#rootUrn)
      .length;
  }

  add(event: EngineEvent): void {
    this.#events += 1;
    if (event.kind === 'prelude') this.#isSandboxed = stepsOfSandbox(event.config);
    else if (event.kind === 'resource-pre') this.#begin(event.step, event.planning);
    else if (event.kind === 'resource-outputs') this.#end(event.step, event.planning ? 'planned' : 'done');
    else if (event.kind === 'resource-failed') this.#end(event.step, 'failed');
    else if (event.kind === 'diagnostic') this.#say(event.diagnostic);
  }

  #begin(step: Step, planning: boolean): void {
    const row = this.#row(step.urn);
    row.parent = step.new?.parent || step.old?.parent || row.parent;
    row.step = row.step?.op === 'replace' && row.phase !== 'running' ? row.step : step;
    row.phase = planning ? 'planned' : 'running';
    row.sandboxed = this.#isSandboxed(step);
    row.began = this.#now();
    row.seconds = undefined;
    row.noteworthy ||= isRootStack(step.urn) || isShown(step, this.#filter);
    if (!isRootStack(step.urn) || this.#rootUrn !== '') return;
    this.#rootUrn = step.urn;
    for (const diagnostic of this.#early.splice(0)) this.#say(diagnostic);
  }

  #end(step: Step, phase: ResourceRow['phase']): void {
    const row = this.#row(step.urn);
    if (row.step?.op !== 'replace' || step.op === 'replace') row.step = step;
    if (phase !== 'planned') row.seconds = (this.#now() - row.began) / 1000;
    row.phase = row.phase === 'failed' ? 'failed' : phase;
    if (phase === 'failed') row.noteworthy = true;
  }

  #say(diagnostic: Diagnostic): void {
    if (diagnostic.severity === 'debug' && !this.#filter.debug) return;
    const urn = diagnostic.urn || this.#rootUrn;
    if (urn === '') {
      this.#early.push(diagnostic);
      return;
    }
    const row = this.#row(urn);
    row.noteworthy = true;
    if (row.last?.severity !== 'error' || diagnostic.severity === 'error') row.last = diagnostic;
    if (diagnostic.ephemeral || diagnostic.message.trim() === '') return;
    const { severity } = diagnostic;
    row.counts[severity === 'error' || severity === 'warning' ? severity : 'message'] += 1;
  }

  #row(urn: string): ResourceRow {
    const known = this.#rows.get(urn);
    const row = known ?? newRow(urn, this.#now());
    row.changed = this.#events;
    if (known === undefined) this.#rows.set(urn, row);
    return row;
  }

  /** The rows to show, parents before their children. What does not change is there only above something that does. */
  tree(): readonly TreeRow[] {
    const children = Map.groupBy(this.#rows.values(), ({ urn, parent }) => this.#parentOf(urn, parent));
    return this.#branch(children, '', []);
  }

  /** Whoever has no parent in the list is below the stack. */
  #parentOf(urn: string, parent: string): string {
    if (urn === this.#rootUrn) return '';
    return this.#rows.has(parent) ? parent : this.#rootUrn;
  }

  #branch(
    children: ReadonlyMap<string, readonly ResourceRow[]>,
    urn: string,
    lasts: readonly boolean[],
  ): readonly TreeRow[] {
    const parts = (children.get(urn) ?? []).map((row) => ({ row, below: this.#shownBelow(children, row.urn) }));
    const shown = parts.filter(({ row, below }) => row.noteworthy || below);
    return shown.flatMap(({ row }, index) => {
      const own = urn === '' ? [] : [...lasts, index === shown.length - 1];
      return [{ row, lasts: own }, ...this.#branch(children, row.urn, own)];
    });
  }

  #shownBelow(children: ReadonlyMap<string, readonly ResourceRow[]>, urn: string): boolean {
    return (children.get(urn) ?? []).some((row) => row.noteworthy || this.#shownBelow(children, row.urn));
  }
}

function newRow(urn: string, began: number): ResourceRow {
  return {
    urn,
    parent: '',
    step: undefined,
    phase: 'planned',
    began,
    seconds: undefined,
    noteworthy: false,
    sandboxed: false,
    counts: { error: 0, warning: 0, message: 0 },
    last: undefined,
    changed: 0,
  };
}
