import { userError } from '../../foundation/errors.ts';
import type { VerifySettings } from '../core/gate-settings.ts';

/** What a check gets to know. */
export interface VerifyContext {
  /** The commit's files. */
  readonly folder: string;
  /** Outputs by stack name; secrets are not in it. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** What a command may see of our environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** The same when this check is made again after a crash: what it made then is found by it. */
  readonly key: string;
  readonly signal: AbortSignal;
  /** Says how it goes. */
  note(text: string): void;
}

export type Verification =
  | { readonly good: true; readonly text: string }
  | { readonly good: false; readonly text: string };

/** Checks one thing. What is bad is an answer; what rejects is a check that cannot be made at all. */
export type Verifier<Kind extends VerifySettings['kind']> = (
  check: Extract<VerifySettings, { readonly kind: Kind }>,
  context: VerifyContext,
) => Promise<Verification>;

/** Puts outputs in the place of `${outputs.STACK.NAME}`. Throws a user error that names an output that is not there. */
export function withOutputs(text: string, outputs: VerifyContext['outputs']): string {
  return text.replace(/\$\{([^}]*)\}/g, (_all, name: string) => {
    const [, stack, output] = /^outputs\.([^.]+)\.(.+)$/.exec(name) ?? [];
    const value = stack === undefined ? undefined : outputs[stack]?.[output!];
    if (value === undefined || value === '[secret]')
      throw userError(
        `Cannot verify as there is no such output: ${name}. Write $\{outputs.STACK.NAME}, with one of ${namesOf(outputs) || 'none'}.`,
      );
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
}

function namesOf(outputs: VerifyContext['outputs']): string {
  return Object.entries(outputs)
    .flatMap(([stack, values]) => Object.keys(values).map((name) => `${stack}.${name}`))
    .join(', ');
}

/** What a check is called. */
export function nameOfCheck(check: VerifySettings): string {
  if (check.name !== undefined) return check.name;
  switch (check.kind) {
    case 'command':
      return check.command.join(' ');
    case 'http':
      return check.url;
    case 'kubernetes-job':
      return check.manifest;
    case 'prometheus':
      return check.query;
  }
}
