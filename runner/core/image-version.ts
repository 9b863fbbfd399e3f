import semver from 'semver';
import { userError } from '../../foundation/errors.ts';

/** Which tags of an image count, and how it is written down. */
export interface ImageRule {
  /** `registry.example/shop/web`, as the stacks' files have it. */
  readonly repository: string;
  /** A range of semantic versions; a `v` before them is fine. */
  readonly versions?: string | undefined;
  /** A tag, or a pattern in which `*` stands for anything: what the last one stands for orders them. */
  readonly tags?: string | undefined;
  readonly pin: 'tag' | 'digest';
}

/** An image as it is written. */
export interface ImageReference {
  readonly repository: string;
  readonly tag: string;
  /** `sha256:…`; undefined where the tag alone counts. */
  readonly digest: string | undefined;
}

/** Numbers within names count as numbers: `main-9` is before `main-10`. */
const natural = new Intl.Collator('en', { numeric: true });

/** A tag as registries have them (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests). */
export const TAG = /^\w[\w.-]{0,127}$/;
const REFERENCE = /^([^@\s]+?):(\w[\w.-]{0,127})(?:@(sha256:[0-9a-f]{64}))?$/;

/** The newest tag that counts; undefined where none does. */
export function newestTag(tags: readonly string[], rule: ImageRule): string | undefined {
  const counting = tags.filter((tag) => TAG.test(tag) && counts(tag, rule));
  return counting.reduce<string | undefined>(
    (newest, tag) => (newest === undefined || compareTags(tag, newest, rule) > 0 ? tag : newest),
    undefined,
  );
}

/** Negative where `a` is older than `b`. Both have to count. */
export function compareTags(a: string, b: string, rule: ImageRule): number {
  const [one, other] = [semver.parse(a), semver.parse(b)];
  if (rule.versions !== undefined && one && other) return semver.compareBuild(one, other) || natural.compare(b, a);
  const pattern = rule.tags ?? '*';
  return natural.compare(orderOf(pattern, a) ?? '', orderOf(pattern, b) ?? '') || natural.compare(a, b);
}

/** Whether a tag is one of those that the rule names. */
export function counts(tag: string, { versions, tags }: ImageRule): boolean {
  if (versions !== undefined) return semver.satisfies(tag, versions);
  return tags === undefined || orderOf(tags, tag) !== undefined;
}

/** What the last `*` of the pattern stands for in the tag; '' where the pattern has none and is the tag; undefined where they do not match. */
function orderOf(pattern: string, tag: string): string | undefined {
  const parts = pattern.split('*');
  const after = parts.pop()!;
  const before = parts.pop();
  if (before === undefined) return tag === after ? '' : undefined;
  if (!tag.endsWith(after)) return undefined;
  const rest = tag.slice(0, tag.length - after.length);
  if (parts.length === 0)
    return rest.length > before.length && rest.startsWith(before) ? rest.slice(before.length) : undefined;
  const at = rest.lastIndexOf(before, rest.length - before.length - 1);
  if (at < 0 || orderOf(`${parts.join('*')}*`, rest.slice(0, at)) === undefined) return undefined;
  return rest.slice(at + before.length);
}

/** `registry.example/shop/web:1.6.0@sha256:…` */
export function formatReference({ repository, tag, digest }: ImageReference): string {
  return `${repository}:${tag}${digest === undefined ? '' : `@${digest}`}`;
}

/** Undefined for what is no image with a tag. */
export function parseReference(text: string): ImageReference | undefined {
  const [, repository, tag, digest] = REFERENCE.exec(text) ?? [];
  return repository !== undefined && tag !== undefined ? { repository, tag, digest } : undefined;
}

/**
 * What is to stand where `present` stands now: the whole reference where that is one of the same image, the tag alone (with its digest) where it is no
 * reference. `present` itself where it is newer. Throws a user error where it is another image, or no text.
 */
export function valueAfter(present: unknown, wanted: ImageReference, rule: ImageRule, forced = false): string {
  if (typeof present !== 'string')
    throw userError(
      `Cannot write the version of ${rule.repository} as what is there is no text: ${String(present)}. Put it in quotes.`,
    );
  const known = presentTag(present, rule);
  if (!forced && known !== undefined && counts(known, rule) && compareTags(known, wanted.tag, rule) > 0) return present;
  const short = `${wanted.tag}${wanted.digest === undefined ? '' : `@${wanted.digest}`}`;
  return isOf(present, rule.repository) ? `${rule.repository}:${short}` : short;
}

function presentTag(present: string, { repository }: ImageRule): string | undefined {
  const name = isOf(present, repository) ? present.slice(repository.length).replace(/^:/, '') : present;
  if (name === present && /[/:]/.test(present.split('@', 1)[0]!))
    throw userError(
      `Cannot write the version of ${repository} as another image is there: ${present}. Correct the image of the promotion, or its values.`,
    );
  return name.split('@', 1)[0] || undefined;
}

function isOf(present: string, repository: string): boolean {
  return present === repository || [':', '@'].some((mark) => present.startsWith(`${repository}${mark}`));
}
