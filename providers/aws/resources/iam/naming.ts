import type { ExistingCall, PropertyRule, TagRule } from '../../definition.ts';
import { toTagList } from '../../tags.ts';

/** A name, or the beginning of one, and the place in the tree of names. */
export const namedInPath: Readonly<Record<string, PropertyRule>> = {
  name: { kind: 'string', replaces: true },
  namePrefix: { kind: 'string', replaces: true, writeOnly: true },
  path: { kind: 'string', default: '/', replaces: true },
};

/** Tags, by the pair of calls that IAM has for each kind of thing. */
export function iamTags(
  set: (call: ExistingCall, Tags: { Key: string; Value: string }[]) => Promise<unknown>,
  remove: (call: ExistingCall, TagKeys: string[]) => Promise<unknown>,
): TagRule {
  return {
    atCreate: true,
    set: async (call, tags) => void (await set(call, toTagList(tags))),
    remove: async (call, keys) => void (await remove(call, [...keys])),
  };
}
