import picomatch from 'picomatch';

/** Only the two stars and `?` mean something: a pattern that begins with `!` would give what it seems to take. */
export const PLAIN = { dot: true, nonegate: true, noextglob: true, nobrace: true, nobracket: true } as const;

/** Whether a name in the settings stands for several, as in `edge-*`: names of stacks have none of these letters. */
export function isPattern(name: string): boolean {
  return /[*?]/.test(name);
}

/** Whether one of the patterns matches a stack: its id (`shop/edge-*`) or its name (`edge-*`). */
export function stackTest(patterns: readonly string[]): (id: string) => boolean {
  const ofId = picomatch([...patterns], PLAIN);
  const ofName = picomatch(
    patterns.filter((pattern) => !pattern.includes('/')),
    PLAIN,
  );
  return (id) => ofId(id) || ofName(id.slice(id.lastIndexOf('/') + 1));
}
