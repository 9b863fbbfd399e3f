/** The environment in which an executable is killed before its Nth change of a file below a folder: see kill-at-write.ts. */
export function killedBeforeChange(place: number, folder: string): Record<string, string> {
  return {
    NODE_OPTIONS: `--import ${new URL('kill-at-write.ts', import.meta.url).href}`,
    MAINSTAY_KILL_UNDER: folder,
    MAINSTAY_KILL_AT: String(place),
  };
}
