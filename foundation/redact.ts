/** What stands in the place of a secret, everywhere. The same word as the official CLI prints. */
export const REDACTED = '[secret]';

/** Values shorter than this are too common to be masked by value (`a`, `1`, `no`). */
const SHORTEST_MASKED = 4;

/**
 * Knows every secret value of this process and masks it in any text. There is one per process (`redactor`), at the sinks:
 * log, events, comments, pages, errors. Multi-line secrets are masked line by line too, as sinks may split lines; so are the
 * JSON (also within JSON), URL, hexadecimal and base64 forms of a value, the latter also where the value is a part of what was encoded (`user:password`),
 * in the alphabet of URLs, without padding, and wrapped into lines.
 */
export class Redactor {
  readonly #values = new Set<string>();
  #pattern: RegExp | undefined;

  /** From now on `value` and its encoded forms are masked. Values under four characters are ignored. */
  add(value: string): void {
    for (const form of formsOf(value)) {
      if (form.length >= SHORTEST_MASKED && !this.#values.has(form)) {
        this.#values.add(form);
        this.#pattern = undefined;
      }
    }
  }

  /** `text` with every known secret replaced by `[secret]`. */
  redact(text: string): string {
    if (this.#values.size === 0) return text;
    this.#pattern ??= patternOf(this.#values);
    return text.replace(this.#pattern, REDACTED);
  }

  /** Whether a known secret is in `text`: the last check before something leaves the house. */
  contains(text: string): boolean {
    return this.redact(text) !== text;
  }
}

/** Encoded forms shorter than this are not looked for: they would be found where they are none. */
const SHORTEST_ENCODED = 8;

function formsOf(value: string): readonly string[] {
  const lines = value.includes('\n') ? value.split(/\r?\n/).map((line) => line.trim()) : [];
  const json = inJson(value);
  const url = encodeURIComponentSafely(value);
  const form = new URLSearchParams([['', value.toWellFormed()]]).toString().slice(1);
  const bytes = Buffer.from(value);
  const long = [...lines, ...(bytes.length < SHORTEST_ENCODED ? [] : [...base64Parts(bytes), bytes.toString('hex')])];
  return [
    ...[value, json, inJson(json), inAscii(json), bytes.toString('base64')],
    ...[url, form].flatMap((text) => [text, text.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())]),
    ...long.filter((text) => text.length >= SHORTEST_ENCODED),
  ];
}

function inJson(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

/** As JSON has it where its writer wants ASCII. */
function inAscii(json: string): string {
  return json.replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Columns at which tools wrap base64: `openssl`, PEM; `base64`, MIME. */
const WRAPPED_AT = [64, 76];

/**
 * What base64 makes of the bytes whatever stands before and after them: of three bytes it makes four letters, so there are three ways, and the letters at
 * both ends that are made of other bytes too are left out (https://www.rfc-editor.org/rfc/rfc4648#section-4).
 */
function base64Parts(bytes: Buffer): readonly string[] {
  const parts = [0, 1, 2].map((before) => {
    const all = Buffer.concat([Buffer.alloc(before), bytes]);
    const text = all.toString('base64').replaceAll('=', '');
    return text.slice(Math.ceil((before * 4) / 3), Math.floor((all.length * 4) / 3));
  });
  const whole = bytes.toString('base64');
  const lines = WRAPPED_AT.flatMap((width) =>
    whole.length > width ? (whole.match(new RegExp(`.{1,${width}}`, 'g')) ?? []) : [],
  );
  return [...parts, ...lines].flatMap((text) => [text, text.replaceAll('+', '-').replaceAll('/', '_')]);
}

/** Lone surrogates have no URL form: then the value itself stands for it. */
function encodeURIComponentSafely(value: string): string {
  return value.isWellFormed() ? encodeURIComponent(value) : value;
}

/** Longest first, so that a secret inside another does not leave the rest of the longer one readable. */
function patternOf(values: ReadonlySet<string>): RegExp {
  const alternatives = [...values].sort((a, b) => b.length - a.length).map((value) => RegExp.escape(value));
  return new RegExp(alternatives.join('|'), 'g');
}

/** The redactor of this process. */
export const redactor = new Redactor();
