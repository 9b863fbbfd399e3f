import { isMap, isSeq, parseAllDocuments } from 'yaml';
import type { PropertyValue } from '../../protocol/property-value.ts';

/** An object or a list that a text holds, and in which language. */
export interface DecodedText {
  readonly kind: 'json' | 'yaml';
  readonly value: PropertyValue;
}

/** Above it a text is shown as it is: reading it would hold up the display. */
const LONGEST = 200_000;

/**
 * What a text holds that is JSON or, over several lines, YAML: policies and manifests are compared by their parts
 * (pkg/backend/display/object_diff.go, decodeValue). Undefined for other texts, and for single values.
 */
export function decodeText(text: string): DecodedText | undefined {
  const trimmed = text.trim();
  if (trimmed.length > LONGEST) return undefined;
  if (/^[[{]/.test(trimmed)) {
    const value = fromJson(trimmed);
    if (value !== undefined) return { kind: 'json', value };
  }
  const value = /[\r\n]/.test(trimmed) ? fromYaml(trimmed) : undefined;
  return value === undefined ? undefined : { kind: 'yaml', value };
}

function fromJson(text: string): PropertyValue | undefined {
  try {
    return JSON.parse(text) as PropertyValue;
  } catch {
    return undefined;
  }
}

function fromYaml(text: string): PropertyValue | undefined {
  const documents = parseAllDocuments(text, { logLevel: 'silent' });
  if (!Array.isArray(documents) || documents.length !== 1) return undefined;
  const [document] = documents;
  if (document!.errors.length > 0 || !(isMap(document!.contents) || isSeq(document!.contents))) return undefined;
  try {
    return document!.toJS() as PropertyValue;
  } catch {
    // More aliases than the parser puts up with.
    return undefined;
  }
}
