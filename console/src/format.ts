/** Texts as people read them. */
export function shortCommit(commit: string | undefined): string {
  return commit?.slice(0, 8) ?? '';
}

export function seconds(milliseconds: number): string {
  if (milliseconds < 1000) return `${milliseconds} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${Math.floor(milliseconds / 60_000)} min ${Math.round((milliseconds % 60_000) / 1000)} s`;
}

/** As mainstay.yaml has it: `1h`, `90s`. */
export function durationText(milliseconds: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const;
  const unit = units.find(([, length]) => milliseconds >= length && milliseconds % length === 0);
  return unit ? `${milliseconds / unit[1]}${unit[0]}` : `${milliseconds / 1000}s`;
}

/** `3 min ago`; dates that are more than a week old as such. */
export function ago(time: string, now = Date.now()): string {
  const past = Math.max(0, now - Date.parse(time));
  if (past < 60_000) return 'just now';
  if (past < 3_600_000) return `${Math.floor(past / 60_000)} min ago`;
  if (past < 86_400_000) return `${Math.floor(past / 3_600_000)} h ago`;
  if (past < 7 * 86_400_000) return `${Math.floor(past / 86_400_000)} d ago`;
  return time.slice(0, 10);
}

/** The last part of `<project>/<stack>`. */
export function stackName(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}

/** A resource type without its module: `kubernetes:apps/v1:Deployment` to `Deployment`. */
export function typeName(type: string): string {
  return type.slice(type.lastIndexOf(':') + 1);
}

export function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** `2 to create, 1 to delete`, dangerous first. */
export function countsText(counts: Readonly<Record<string, number>>): string {
  const order = ['delete', 'replace', 'update', 'create', 'import'];
  return order
    .filter((operation) => (counts[operation] ?? 0) > 0)
    .map((operation) => `${counts[operation]} ${operation}`)
    .join(', ');
}

export function valueText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? '');
}

/** Bytes as the settings file writes them: `4GiB`. */
export function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let [size, unit] = [bytes, 0];
  while (size >= 1024 && size % 1024 === 0 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${size}${units[unit]}`;
}
