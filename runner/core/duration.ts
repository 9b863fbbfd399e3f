import { z } from 'zod';

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const PATTERN = /^(?:\d+[smhd])+$/;

/** Milliseconds of `90s`, `30m`, `1h30m`, `2d`; undefined where the text is none. */
export function parseDuration(text: string): number | undefined {
  if (!PATTERN.test(text)) return undefined;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)([smhd])/g))
    total += Number(count) * UNITS[unit as keyof typeof UNITS];
  return Number.isSafeInteger(total) ? total : undefined;
}

/** `1h 30m`: two units at most, rounded down. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds > 0 && milliseconds < 1000) return `${Math.round(milliseconds)}ms`;
  let rest = Math.max(0, milliseconds);
  const parts: string[] = [];
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const count = Math.floor(rest / UNITS[unit]);
    rest -= count * UNITS[unit];
    if (count > 0 || parts.length > 0) parts.push(`${count}${unit}`);
  }
  return (
    parts
      .slice(0, 2)
      .filter((part) => !part.startsWith('0'))
      .join(' ') || '0s'
  );
}

/** A setting that is a span of time, as text; its value is in milliseconds. */
export function duration({
  atLeast = 0,
  atMost = 366 * UNITS.d,
}: {
  readonly atLeast?: number;
  readonly atMost?: number;
} = {}) {
  return z
    .string()
    .regex(PATTERN, { error: 'is no duration: write it as 90s, 30m, 1h30m or 2d', abort: true })
    .transform((text, context) => {
      const value = parseDuration(text);
      if (value !== undefined && value >= atLeast && value <= atMost) return value;
      context.addIssue(`has to be between ${formatDuration(atLeast)} and ${formatDuration(atMost)}`);
      return z.NEVER;
    });
}
