import { z } from 'zod';
import { strict } from './settings-mistakes.ts';

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

const timeOfDay = z
  .string()
  .regex(
    /^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/,
    'is no time of day: write it as 09:30, or 24:00 for the end of the day',
  );

const localTime = z
  .string()
  .regex(
    /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:T(?:[01]\d|2[0-3]):[0-5]\d)?$/,
    'is no date: write it as 2026-12-24 or 2026-12-24T18:00',
  )
  .refine((text) => new Date(`${text.slice(0, 10)}T00:00:00Z`).toISOString().startsWith(text.slice(0, 10)), {
    error: 'is no day of the calendar',
  });

/** A time zone by its IANA name, as in `Europe/Zurich`. */
export const timeZone = z.string().refine(isTimeZone, 'is no time zone: write it as Europe/Zurich, or UTC');

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** When updates may begin. Without any window they may at any time. */
export const windowSettings = strict({
  days: z
    .array(z.enum(WEEKDAYS))
    .min(1)
    .default([...WEEKDAYS])
    .describe('Default: every day. A window over midnight belongs to the day that it begins on.'),
  from: timeOfDay.default('00:00'),
  to: timeOfDay.default('24:00').describe('Earlier than `from`: on the next day.'),
  timeZone: timeZone.optional().describe(`Default: the file's own.`),
}).refine(({ from, to }) => from !== to && from !== '24:00', {
  error: 'begins when it ends: it would never be open',
  path: ['from'],
});

/** When nothing is updated, whatever the windows say. */
export const freezeSettings = strict({
  from: localTime,
  to: localTime.describe('A date alone: until its end.'),
  timeZone: timeZone.optional().describe(`Default: the file's own.`),
  reason: z.string().min(1).optional(),
}).refine(({ from, to }) => (to.length === 10 ? `${to}T24:00` : to) > from, {
  error: 'ends before it begins',
  path: ['to'],
});

export type WindowSettings = z.output<typeof windowSettings>;
export type FreezeSettings = z.output<typeof freezeSettings>;
