/** A moment as clocks on the wall of a place show it. */
export interface LocalTime {
  /** `2026-12-24` */
  readonly date: string;
  /** Since midnight of that clock. */
  readonly minutes: number;
  /** 0 is Monday. */
  readonly weekday: number;
}

const MINUTE = 60_000;
const DAY = 86_400_000;

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making a format costs a hundred times what using it does. */
function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  formats.set(zone, format);
  return format;
}

/** What the clocks of `zone` show at `instant`, in milliseconds since 1970. Seconds are cut off. */
export function localTimeOf(instant: number, zone: string): LocalTime {
  const parts = new Map(
    formatOf(zone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, value]),
  );
  const date = `${parts.get('year')!.padStart(4, '0')}-${parts.get('month')}-${parts.get('day')}`;
  const minutes = Number(parts.get('hour')) * 60 + Number(parts.get('minute'));
  return { date, minutes, weekday: weekdayOf(date) };
}

/** 0 is Monday. */
export function weekdayOf(date: string): number {
  return (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7;
}

export function dateAfter(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY).toISOString().slice(0, 10);
}

/**
 * The instant at which the clocks of `zone` show `minutes` of `date`; 1440 is the next midnight. A time that is there twice, as clocks are set
 * back, is the first one; one that is skipped is as long after the change as it would have been after the hour before.
 */
export function instantOf(date: string, minutes: number, zone: string): number {
  const wanted = Date.parse(`${date}T00:00:00Z`) + minutes * MINUTE;
  const before = wanted - offsetAt(wanted - DAY, zone);
  if (before + offsetAt(before, zone) === wanted) return before;
  const after = wanted - offsetAt(wanted + DAY, zone);
  return after + offsetAt(after, zone) === wanted ? after : before;
}

/** How far the clocks of `zone` are ahead of UTC. */
function offsetAt(instant: number, zone: string): number {
  const { date, minutes } = localTimeOf(instant, zone);
  return Date.parse(`${date}T00:00:00Z`) + minutes * MINUTE - Math.floor(instant / MINUTE) * MINUTE;
}
