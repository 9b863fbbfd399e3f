const SECONDS: Readonly<Record<string, number>> = { ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };

/** Seconds of a text like `1h30m` or `5.5s`, as Go's time.ParseDuration reads it; '' is 0. Throws on anything else. */
export function parseDuration(text: string): number {
  if (text === '' || text === '0') return 0;
  const parts = [...text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    throw new Error(
      `unable to parse customTimeout value ${JSON.stringify(text)}: use a duration such as "10m" or "1h30m"`,
    );
  }
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * SECONDS[unit!]!, 0);
}
