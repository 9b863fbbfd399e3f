import { relative } from 'node:path';

/** Covered and all lines by room. */
export type CoverageByRoom = ReadonlyMap<string, { readonly covered: number; readonly total: number }>;

interface FileCoverage {
  readonly path: string;
  readonly totalLineCount: number;
  readonly coveredLineCount: number;
}

/** Adds a group's files to the rooms that they are in. Files outside the repository are left out. */
export function joinCoverage(rooms: CoverageByRoom, files: readonly FileCoverage[], root: string): CoverageByRoom {
  const joined = new Map(rooms);
  for (const file of files) {
    const room = relative(root, file.path).split('/')[0] ?? '';
    if (room === '..' || !relative(root, file.path).includes('/')) continue;
    const before = joined.get(room) ?? { covered: 0, total: 0 };
    joined.set(room, { covered: before.covered + file.coveredLineCount, total: before.total + file.totalLineCount });
  }
  return joined;
}

/** One line a room: `coverage engine 91.2 % of 5210 lines`. */
export function coverageLines(rooms: CoverageByRoom): readonly string[] {
  return [...rooms]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(
      ([room, { covered, total }]) =>
        `coverage ${room} ${((100 * covered) / Math.max(1, total)).toFixed(1)} % of ${total} lines`,
    );
}
