/** What stands in the place of a secret, everywhere. The same word as the official CLI prints. */
export const REDACTED = '[secret]';

/** Values shorter than this are too common to be masked by value (`a`, `1`, `no`). */
const SHORTEST_MASKED = 4;

/**
 * Knows every secret value of this process and masks it in any text. There is one per process (`redactor`), at the sinks:
 * log, events, comments, pages, errors. Multi-line secrets are masked line by line too, as sinks may split lines; so are the
 * JSON, URL and base64 forms of a value.
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

function formsOf(value: string): readonly string[] {
  const lines = value.includes('\n') ? value.split(/\r?\n/).map((line) => line.trim()) : [];
  const whole = [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponentSafely(value),
    Buffer.from(value).toString('base64'),
  ];
  return [...whole, ...lines.filter((line) => line.length >= 8)];
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
