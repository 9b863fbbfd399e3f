import { type FreezeSettings, WEEKDAYS, type WindowSettings } from './window-settings.ts';
import { dateAfter, instantOf, localTimeOf, weekdayOf } from './zoned-time.ts';

/** When something may begin, and when never. */
export interface Opening {
  /** Without any, it is always open. */
  readonly windows: readonly WindowSettings[];
  readonly freezes: readonly FreezeSettings[];
  /** The zone of those that name none. */
  readonly timeZone: string;
}

export type OpenState =
  | { readonly open: true }
  | {
      readonly open: false;
      /** Instant from which it is open; undefined where there is none within a year. */
      readonly opensAt: number | undefined;
      /** `frozen until 2026-12-27 (Christmas)`, `outside of its windows` */
      readonly why: string;
    };

interface Span {
  readonly from: number;
  readonly to: number;
}

const YEAR = 366 * 86_400_000;

/** Whether it is open at `now`, and if not, why and until when. */
export function openStateAt(now: number, opening: Opening): OpenState {
  const freeze = freezeAt(now, opening);
  if (!freeze && inWindow(now, opening)) return { open: true };
  return {
    open: false,
    opensAt: nextOpening(now, opening),
    why: freeze ? frozenText(freeze) : 'outside of its windows',
  };
}

/** The next instant at which it is open: candidates are the beginnings of windows and the ends of freezes, nothing else opens anything. */
function nextOpening(now: number, opening: Opening): number | undefined {
  for (let at = now; at <= now + YEAR; ) {
    const freeze = freezeAt(at, opening);
    if (freeze) {
      at = spanOfFreeze(freeze, opening).to;
      continue;
    }
    if (inWindow(at, opening)) return at;
    const next = nextWindow(at, opening);
    if (next === undefined) return undefined;
    at = next;
  }
  return undefined;
}

function freezeAt(at: number, opening: Opening): FreezeSettings | undefined {
  return opening.freezes.find((freeze) => {
    const { from, to } = spanOfFreeze(freeze, opening);
    return from <= at && at < to;
  });
}

function spanOfFreeze({ from, to, timeZone }: FreezeSettings, opening: Opening): Span {
  const zone = timeZone ?? opening.timeZone;
  const time = (text: string, dateOnly: number) =>
    instantOf(text.slice(0, 10), text.length === 10 ? dateOnly : minutesOf(text.slice(11)), zone);
  return { from: time(from, 0), to: time(to, 1440) };
}

function frozenText({ to, reason }: FreezeSettings): string {
  return `frozen until ${to}${reason ? ` (${reason})` : ''}`;
}

function inWindow(at: number, opening: Opening): boolean {
  if (opening.windows.length === 0) return true;
  return opening.windows.some((window) =>
    spansAround(window, at, opening).some(({ from, to }) => from <= at && at < to),
  );
}

function nextWindow(at: number, opening: Opening): number | undefined {
  const begins = opening.windows.flatMap((window) =>
    spansAround(window, at, opening).flatMap(({ from, to }) => (from > at && to > from ? [from] : [])),
  );
  return begins.length === 0 ? undefined : Math.min(...begins);
}

/** The times that a window is open from the day before `at` to more than a week after it. */
function spansAround({ days, from, to, timeZone }: WindowSettings, at: number, opening: Opening): readonly Span[] {
  const zone = timeZone ?? opening.timeZone;
  const today = localTimeOf(at, zone).date;
  const [begin, end] = [minutesOf(from), minutesOf(to)];
  const spans: Span[] = [];
  for (let day = -1; day <= 15; day += 1) {
    const date = dateAfter(today, day);
    if (!days.includes(WEEKDAYS[weekdayOf(date)]!)) continue;
    const endDate = end > begin ? date : dateAfter(date, 1);
    spans.push({ from: instantOf(date, begin, zone), to: instantOf(endDate, end, zone) });
  }
  return spans;
}

function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
}
