import { type Document, isAlias, isMap, LineCounter, parseAllDocuments } from 'yaml';
import { formatPlace, userError } from '../../../foundation/errors.ts';
import { apiVersionOf, isFields, type KubeObject, type KubeValue, kindOf, listAt, nameOf } from '../object.ts';

/**
 * The objects of a manifest: all documents of a YAML or JSON text, lists taken apart, empty documents left out. Throws a user error with
 * `origin`, line and value for what is no YAML or no object.
 */
export function parseManifest(text: string, origin: string): readonly KubeObject[] {
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter, merge: true, version: '1.1', logLevel: 'silent' });
  if (!Array.isArray(documents)) return [];
  return (documents as readonly Document[]).flatMap((document) => {
    const place = (offset: number | undefined) => ({
      file: origin,
      line: offset === undefined ? 1 : lineCounter.linePos(offset).line,
    });
    const mistake = document.errors[0];
    if (mistake)
      throw userError(
        `Cannot read the manifest as it is no YAML: ${JSON.stringify(mistake.message.split('\n', 1)[0])}. Correct it.`,
        { place: place(mistake.pos[0]) },
      );
    const start = isMap(document.contents) || !isAlias(document.contents) ? document.contents?.range?.[0] : undefined;
    return expand(document.toJS() as KubeValue, formatPlace(place(start)));
  });
}

function expand(value: KubeValue, place: string): readonly KubeObject[] {
  if (value === null || value === undefined || (isFields(value) && Object.keys(value).length === 0)) return [];
  if (!isFields(value))
    throw userError(`${place} Cannot read the manifest as this document is no object: ${shorten(value)}. Correct it.`);
  const isListOfItems = kindOf(value).endsWith('List') && Array.isArray(value.items);
  return isListOfItems ? listAt(value, 'items').flatMap((item) => expand(item, place)) : [value];
}

/** Throws a user error where an object lacks what every Kubernetes object has. */
export function requireIdentity(object: KubeObject, origin: string): void {
  const missing = [
    apiVersionOf(object) === '' && 'apiVersion',
    kindOf(object) === '' && 'kind',
    nameOf(object) === '' && 'metadata.name',
  ].filter((name) => name !== false);
  if (missing.length === 0) return;
  throw userError(
    `Cannot use an object of ${origin} as it has no ${missing.join(' and no ')}: ${shorten(object)}. Add what is missing.`,
  );
}

function shorten(value: KubeValue): string {
  const text = JSON.stringify(value);
  return text.length > 100 ? `${text.slice(0, 97)}...` : text;
}
