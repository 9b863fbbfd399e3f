/** For `node --import`: the clock of the process is off by JOURNEY_CLOCK_OFFSET milliseconds, as that of a machine that was set. */
const offset = Number(process.env.JOURNEY_CLOCK_OFFSET ?? 0);
const Real = Date;

class Shifted extends Real {
  constructor(...given: readonly unknown[]) {
    super(...((given.length === 0 ? [Real.now() + offset] : given) as [number]));
  }

  static override now(): number {
    return Real.now() + offset;
  }
}

globalThis.Date = Shifted as DateConstructor;
