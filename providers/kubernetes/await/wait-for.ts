import { messageOf, userError } from '../../../foundation/errors.ts';
import type { KubeObject } from '../object.ts';
import { textAt } from '../object.ts';
import { type Awaiter, NOT_READY, READY } from './awaiter.ts';
import { conditionOf } from './conditions.ts';
import { parseJsonPath, valuesAtJsonPath } from './json-path.ts';
import { warningsAbout } from './pods.ts';

/** One thing that has to be true of the object. */
interface Expectation {
  readonly text: string;
  isTrue(live: KubeObject): boolean;
}

/**
 * The awaiter of the annotation `pulumi.com/waitFor`: `jsonpath={.status.phase}=Running` (or without a value: the field exists),
 * `condition=Ready` (or `condition=Ready=False`), or a JSON array of such texts, which all have to become true. Throws a user error
 * for anything else.
 */
export function waitForAwaiter(annotation: string): Awaiter {
  const expectations = readTexts(annotation).map(readExpectation);
  const missing = (live: KubeObject) => expectations.filter((expectation) => !expectation.isTrue(live));
  return {
    decides: [],
    explains: ['Event'],
    assess: (live) => (missing(live).length === 0 ? READY : NOT_READY),
    explain: (live, related) => [
      ...missing(live).map(({ text }) => `waiting for ${text}`),
      ...warningsAbout([live], related),
    ],
  };
}

function readTexts(annotation: string): readonly string[] {
  if (!annotation.trim().startsWith('[')) return [annotation.trim()];
  let texts: unknown;
  try {
    texts = JSON.parse(annotation);
  } catch (error) {
    throw mistake(annotation, messageOf(error));
  }
  if (Array.isArray(texts) && texts.length > 0 && texts.every((text) => typeof text === 'string')) return texts;
  throw mistake(annotation, 'it must be an array of at least one text');
}

function readExpectation(text: string): Expectation {
  if (text.startsWith('jsonpath=')) return readJsonPathExpectation(text);
  if (text.startsWith('condition=')) return readConditionExpectation(text);
  throw mistake(text, 'it must start with jsonpath= or condition=');
}

function readJsonPathExpectation(text: string): Expectation {
  const expression = text.slice('jsonpath='.length);
  // The value begins after the closing bracket, as filters hold equals signs too.
  const end = expression.lastIndexOf('}') + 1;
  const split = end > 0 ? end : expression.indexOf('=') < 0 ? expression.length : expression.indexOf('=');
  const path = parseJsonPath(expression.slice(0, split));
  const rest = expression.slice(split);
  if (rest !== '' && !rest.startsWith('=')) throw mistake(text, 'a value is written behind an equals sign');
  const wanted = rest === '' ? undefined : rest.slice(1).replace(/^(["'])(.*)\1$/, '$2');
  return {
    text,
    isTrue(live) {
      const values = valuesAtJsonPath(live, path);
      return values.length > 0 && (wanted === undefined || values.every((value) => String(value) === wanted));
    },
  };
}

function readConditionExpectation(text: string): Expectation {
  const [type = '', status = 'True'] = text.slice('condition='.length).split('=');
  if (type === '') throw mistake(text, 'it names no condition');
  return {
    text,
    isTrue: (live) => textAt(conditionOf(live, type), 'status').toLowerCase() === status.toLowerCase(),
  };
}

function mistake(text: string, why: string): Error {
  return userError(
    `Cannot wait as the annotation pulumi.com/waitFor cannot be read: ${JSON.stringify(text)} (${why}). ` +
      `Write jsonpath={.status.phase}=Running, condition=Ready, or a JSON array of such texts.`,
  );
}
