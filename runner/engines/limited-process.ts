import { userError } from '../../foundation/errors.ts';
import type { ManagedProcess } from '../../foundation/processes.ts';
import { watchMemory } from '../../foundation/watch-memory.ts';
import { formatSize } from '../core/size.ts';
import type { OperationLimits } from './engine.ts';

/** What the official engine gets to end when it went beyond a limit: its plugins end with it. */
const GRACE_MS = 2000;

export interface LimitedProcess {
  /** Is told of what the process writes. */
  wrote(text: string): void;
  /** Throws a user error where the process was ended by a limit. */
  throwIfExceeded(): void;
  close(): void;
}

/** Keeps a process and all that it starts within limits: whatever goes beyond one is ended. */
export function limitProcess(
  started: ManagedProcess,
  limits: Pick<OperationLimits, 'memory' | 'output'> | undefined,
): LimitedProcess {
  let exceeded: string | undefined;
  let written = 0;
  const end = (why: string) => {
    exceeded ??= why;
    void started.end({ signal: 'SIGINT', graceMs: GRACE_MS });
  };
  const { memory, output } = limits ?? { memory: undefined, output: Number.POSITIVE_INFINITY };
  const close =
    memory === undefined
      ? () => {}
      : watchMemory(started.identity.pid, {
          limit: memory,
          onExceeded: () => end(`it holds more memory than it may: ${formatSize(memory)}`),
        });
  return {
    wrote(text) {
      written += Buffer.byteLength(text);
      if (written > output) end(`it writes more than it may: ${formatSize(output)}`);
    },
    throwIfExceeded() {
      if (exceeded !== undefined)
        throw userError(`Cannot go on with the program as ${exceeded}. Have it use less, or raise the limit.`);
    },
    close,
  };
}
