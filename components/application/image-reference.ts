/** Parts of an image reference: `registry.example:5000/team/shop:1.4.2@sha256:...`. */
export interface ImageReference {
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** Takes an image reference apart. A colon before the last slash belongs to the registry's port. */
export function parseImage(text: string): ImageReference {
  const [named = '', digest] = text.split('@');
  const cut = named.indexOf(':', named.lastIndexOf('/') + 1);
  return {
    repository: cut < 0 ? named : named.slice(0, cut),
    tag: cut < 0 ? undefined : named.slice(cut + 1),
    digest,
  };
}

/** Why an image must not be deployed: it could be another one tomorrow. Undefined where it may. */
export function imageProblem(text: string): string | undefined {
  const { repository, tag, digest } = parseImage(text);
  if (repository === '' || /\s/.test(text)) return `"${text}" is not an image`;
  if (digest !== undefined) {
    return /^sha256:[0-9a-f]{64}$/.test(digest)
      ? undefined
      : `"${text}" has a digest that is not sha256 with 64 digits`;
  }
  if (tag === undefined || tag === '') return `"${text}" has no tag: name one, or a digest`;
  return tag === 'latest' ? `"${text}" can be another image tomorrow: name a version, or a digest` : undefined;
}
