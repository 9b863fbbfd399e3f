import { existsSync } from 'node:fs';
import { userError } from '../../foundation/errors.ts';
import { World } from './world.ts';
import type { Json } from './world-json.ts';

/**
 * The control desk as an executable: changes a sandbox's world behind its stack's back, as somebody with a cloud's own console would.
 *
 * - `node desk.ts FILE list` prints what there is, one URN per line.
 * - `node desk.ts FILE set PATTERN PATH VALUE`: a pattern over URN, type or name; dots between members; VALUE as JSON, else text.
 * - `node desk.ts FILE remove PATTERN`
 *
 * Prints how many objects were changed; exits with 1 where none was.
 */
function main([file = '', verb = '', ...rest]: readonly string[]): number {
  if (!existsSync(file))
    throw userError(`Cannot change the sandbox as it has no world yet: ${file}. Update its stack first.`);
  const world = new World(file);
  try {
    if (verb === 'list') {
      for (const { urn } of world.list()) console.log(urn);
      return 0;
    }
    const changed = change(world, verb, rest);
    console.log(`${changed} changed`);
    return changed === 0 ? 1 : 0;
  } finally {
    world.close();
  }
}

function change(world: World, verb: string, [pattern, path, value]: readonly string[]): number {
  if (verb === 'set' && pattern && path && value !== undefined) return world.drift(pattern, path, valueIn(value));
  if (verb === 'remove' && pattern) return world.vanish(pattern);
  throw userError(
    `Cannot change the sandbox as that is none of list, set PATTERN PATH VALUE and remove PATTERN: ${verb}.`,
  );
}

function valueIn(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
