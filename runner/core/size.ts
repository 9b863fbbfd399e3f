import { z } from 'zod';

const UNITS = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const;
const PATTERN = /^(\d+)(KiB|MiB|GiB)$/;

/** `512MiB`: in the largest unit that leaves no rest. */
export function formatSize(bytes: number): string {
  for (const unit of ['GiB', 'MiB', 'KiB'] as const)
    if (bytes >= UNITS[unit] && bytes % UNITS[unit] === 0) return `${bytes / UNITS[unit]}${unit}`;
  return `${bytes}B`;
}

/** A setting that is an amount of memory or text, as `512MiB`; its value is in bytes. */
export function size({ atLeast, atMost }: { readonly atLeast: number; readonly atMost: number }) {
  return z
    .string()
    .regex(PATTERN, { error: 'is no size: write it as 512MiB or 2GiB', abort: true })
    .transform((text, context) => {
      const [, count, unit] = PATTERN.exec(text)!;
      const value = Number(count) * UNITS[unit as keyof typeof UNITS];
      if (value >= atLeast && value <= atMost) return value;
      context.addIssue(`has to be between ${formatSize(atLeast)} and ${formatSize(atMost)}`);
      return z.NEVER;
    });
}
