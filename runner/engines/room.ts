import { cpus } from 'node:os';
import { processTreeMemory } from '../../foundation/process-tree-memory.ts';

/** What a machine says of itself at a moment. */
export interface Measurement {
  /** Bytes that can be had without hurting anybody, within the limits of our container. */
  readonly available: number;
  /** Bytes that this process and all that it started hold; undefined where the machine does not say. */
  readonly held: number | undefined;
  /** The part of its processors that did nothing since the last measurement, from 0 to 1. */
  readonly idle: number;
}

/** Whether one more operation fits, beside those that run. */
export interface Room {
  /** True means that the operation begins now. */
  hasPlace(running: number): boolean;
}

const MIB = 2 ** 20;

/** Never given to operations: PostgreSQL, git and the system live of it. */
const KEPT_FREE = 512 * MIB;

/** What an operation takes before any was measured: a program's process with its SDK, and its providers. */
const FIRST_GUESS = 300 * MIB;

/** One more than the processors can carry makes all slower; but who waits for a cloud needs none. */
const IDLE_ENOUGH = 0.25;

/**
 * Room as it is measured: one operation per processor, further ones while processors are idle, none that the free memory would not hold. What an
 * operation takes is learnt from those that run. One always fits.
 */
export function createMeasuredRoom(options: {
  readonly measure: () => Measurement;
  readonly processors: number;
}): Room {
  const atRest = options.measure().held;
  let each = FIRST_GUESS;
  let [last, granted] = [options.measure(), 0];
  return {
    hasPlace(running) {
      const measurement = options.measure();
      if (measurement !== last) [last, granted] = [measurement, 0];
      const has = running === 0 || fits(running);
      if (has) granted += 1;
      return has;
    },
  };

  function fits(running: number): boolean {
    const { available, held, idle } = last;
    // Half of what is new counts: one big stack is not the rule, and a guess that is too low corrects itself.
    if (held !== undefined && atRest !== undefined)
      each = Math.max(FIRST_GUESS / 3, (each + Math.max(0, held - atRest) / running) / 2);
    // Those that were let in since the measurement are not in it yet.
    if (available - KEPT_FREE < each * (granted + 1)) return false;
    return running < options.processors || (granted === 0 && idle >= IDLE_ENOUGH);
  }
}

/** Measures this machine. The same object is given until it is measured again: many may ask at once. */
export function createMachineMeasure(): () => Measurement {
  let [last, at] = [{ available: process.availableMemory(), held: processTreeMemory(process.pid), idle: 1 }, 0];
  let before = processorTimes();
  return () => {
    const now = performance.now();
    if (now - at < MEASURED_EVERY_MS) return last;
    const after = processorTimes();
    const spent = after.all - before.all;
    const idle = spent > 0 ? (after.idle - before.idle) / spent : last.idle;
    last = { available: process.availableMemory(), held: processTreeMemory(process.pid), idle };
    [at, before] = [now, after];
    return last;
  };
}

const MEASURED_EVERY_MS = 200;

function processorTimes(): { readonly idle: number; readonly all: number } {
  let [idle, all] = [0, 0];
  for (const { times } of cpus()) {
    idle += times.idle;
    all += times.user + times.nice + times.sys + times.idle + times.irq;
  }
  return { idle, all };
}
