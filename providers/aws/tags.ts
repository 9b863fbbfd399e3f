import type { AwsConfiguration } from './configuration.ts';
import type { ExistingCall, Plain, TagRule } from './definition.ts';
import { asTexts } from './plain-values.ts';

export type Tags = Readonly<Record<string, string>>;

/** The resource's own tags over the provider's default ones: what AWS holds, and `tagsAll` says. */
export function allTagsOf(tags: Plain | undefined, configuration: AwsConfiguration): Tags {
  return { ...configuration.defaultTags, ...asTexts(tags) };
}

/** Tags as AWS has them, without those of AWS itself and those that the provider was told to ignore. */
export function managedTags(tags: Tags, { ignoreTags }: AwsConfiguration): Tags {
  const ignored = (key: string) =>
    key.startsWith('aws:') ||
    ignoreTags.keys.includes(key) ||
    ignoreTags.keyPrefixes.some((prefix) => key.startsWith(prefix));
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !ignored(key)));
}

/** The resource's own tags among all of them: what a default tag explains is not its own, unless its inputs name it. */
export function ownTags(all: Tags, inputs: Tags, configuration: AwsConfiguration): Tags {
  const fromDefaults = ([key, value]: [string, string]) => configuration.defaultTags[key] === value && !(key in inputs);
  return Object.fromEntries(Object.entries(all).filter((entry) => !fromDefaults(entry)));
}

/** Writes the difference between two sets of tags. */
export async function changeTags(
  rule: TagRule,
  call: ExistingCall,
  change: { readonly from: Tags; readonly to: Tags },
): Promise<void> {
  const removed = Object.keys(change.from).filter((key) => !(key in change.to));
  const set = Object.fromEntries(Object.entries(change.to).filter(([key, value]) => change.from[key] !== value));
  if (removed.length > 0) await rule.remove(call, removed);
  if (Object.keys(set).length > 0) await rule.set(call, set);
}

/** `[{Key, Value}]`, as most APIs have tags. */
export function toTagList(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

export function fromTagList(
  list: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined,
): Tags {
  return Object.fromEntries((list ?? []).flatMap((tag) => (tag.Key === undefined ? [] : [[tag.Key, tag.Value ?? '']])));
}
