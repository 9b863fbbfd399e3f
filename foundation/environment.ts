import { userError } from './errors.ts';

/** Environment variables by name, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads settings from environment variables: the one way to do it. An empty text counts as not set, as shells make it easy to
 * set a variable to nothing.
 */
export class EnvironmentReader {
  readonly #environment: Environment;

  constructor(environment: Environment = process.env) {
    this.#environment = environment;
  }

  text(name: string): string | undefined;
  text(name: string, fallback: string): string;
  text(name: string, fallback?: string): string | undefined {
    return this.#environment[name] || fallback;
  }

  /** A whole number within limits. Throws a user error that names the variable, its value and what is allowed. */
  integer(
    name: string,
    options: { readonly fallback: number; readonly minimum?: number; readonly maximum?: number },
  ): number {
    const text = this.text(name);
    if (text === undefined) return options.fallback;
    const { minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER } = options;
    const value = Number(text);
    if (Number.isInteger(value) && value >= minimum && value <= maximum) return value;
    throw userError(
      `Cannot use the environment variable ${name} as it is not a whole number from ${minimum} to ${maximum}: ` +
        `${JSON.stringify(text)}. Correct or unset it.`,
    );
  }

  /** `true`, `1`, `yes`, `on` or `false`, `0`, `no`, `off`, in any case. */
  flag(name: string, fallback: boolean): boolean {
    const text = this.text(name)?.toLowerCase();
    if (text === undefined) return fallback;
    if (['true', '1', 'yes', 'on'].includes(text)) return true;
    if (['false', '0', 'no', 'off'].includes(text)) return false;
    throw userError(
      `Cannot use the environment variable ${name} as it is neither true nor false: ${JSON.stringify(text)}. Correct or unset it.`,
    );
  }

  oneOf<const Choice extends string>(name: string, choices: readonly Choice[], fallback: Choice): Choice {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const choice = choices.find((candidate) => candidate === text);
    if (choice !== undefined) return choice;
    throw userError(
      `Cannot use the environment variable ${name} as it is none of ${choices.join(', ')}: ${JSON.stringify(text)}. Correct or unset it.`,
    );
  }
}
