import { ConcurrentUpdateError } from '@pulumi/pulumi/automation/index.js';
import { MainstayError, messageOf, userError } from '../../foundation/errors.ts';
import type { Outcome } from '../core/run.ts';
import type { Hindrance } from '../core/undo.ts';

/** Who holds a lock of a stack, as both engines write it. */
export interface LockHolder {
  readonly host: string;
  readonly pid: number;
}

/**
 * The one place that knows the engines' wording. An error of the Automation API carries the whole output of the command: what a person
 * needs are the lines from `error:` on.
 */
export function failureText(error: unknown): string {
  const text = messageOf(error);
  const stderr = /stderr: ([\s\S]*?)(?:\n err\?: |$)/.exec(text)?.[1] ?? text;
  const lines = stderr.split('\n').filter((line) => !line.startsWith('Command failed with exit code'));
  const first = lines.findIndex((line) => /^\s*error: /.test(line));
  const said = (first < 0 ? lines : lines.slice(first))
    .join('\n')
    .trim()
    .replace(/^error: /, '');
  return said === '' ? text.trim() : said;
}

/** `created by root@host (pid 123) at …`, one line per lock. */
export function lockHolders(error: unknown): readonly LockHolder[] {
  const matches = messageOf(error).matchAll(/created by [^\s@]*@(\S+) \(pid (\d+)\)/g);
  return [...matches].map(([, host, pid]) => ({ host: host!, pid: Number(pid) }));
}

/** There is no state of that name. */
export function isMissingStack(error: unknown): boolean {
  return /no stack named/i.test(failureText(error));
}

/** Of a stack that was updated before. */
export function lostStateError(stack: string, cause?: unknown): MainstayError {
  return userError(
    `Cannot look at ${stack} as its state is gone or holds nothing, though it was updated before. Restore it (docs/disaster-recovery.md).`,
    { cause },
  );
}

export function isLocked(error: unknown): boolean {
  return error instanceof ConcurrentUpdateError;
}

/** Somebody else holds the stack. */
export function lockedError(stack: string, error: unknown): MainstayError {
  const holders = [...new Set(lockHolders(error).map(({ host, pid }) => `process ${pid} on ${host}`))];
  return new MainstayError(
    'conflict',
    `Cannot work on ${stack} as somebody else is at it: ${holders.join(', ') || failureText(error)}. ` +
      'Wait until they have ended, or cancel them with `pulumi cancel`.',
    { cause: error },
  );
}

/** Why a preview could not go through with what it has to delete; undefined where it failed for another reason. */
export function hindranceIn({ diagnostics, problem }: Outcome): Hindrance | undefined {
  const said = [problem ?? '', ...diagnostics.map(({ message }) => message)].join('\n');
  const kept = [
    ...said.matchAll(/resource "?(urn:pulumi:[^"\s]+)"? cannot be deleted\s+(?:as it|because it) is protected/g),
  ];
  if (kept.length > 0) return { kind: 'protected', resources: [...new Set(kept.map(([, urn]) => urn!))] };
  const missing = /Cannot manage resources of the package (\S+) as no provider for it was found/.exec(said)?.[1];
  return missing === undefined ? undefined : { kind: 'provider', package: missing };
}
