import type { Log } from './log.ts';

/** What is undone at the end, in reverse order of being added. */
export interface Shutdown {
  /** Aborted when the end begins: long work looks at it. */
  readonly signal: AbortSignal;
  /** Adds something to end. Returns a function that takes it back. */
  add(name: string, end: () => Promise<void> | void): () => void;
  /** Ends everything once; later calls wait for the same end. A failing part does not keep the others from ending. */
  end(reason: string): Promise<void>;
}

export function createShutdown(log: Log): Shutdown {
  const controller = new AbortController();
  const parts: { readonly name: string; readonly end: () => Promise<void> | void }[] = [];
  let ending: Promise<void> | undefined;

  async function endAll(reason: string): Promise<void> {
    controller.abort(new Error(reason));
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      try {
        await part.end();
      } catch (error) {
        log.error({ part: part.name, err: error }, 'a part did not end cleanly');
      }
    }
  }

  return {
    signal: controller.signal,
    add(name, end) {
      const part = { name, end };
      parts.push(part);
      return () => {
        const index = parts.indexOf(part);
        if (index >= 0) parts.splice(index, 1);
      };
    },
    end: (reason) => (ending ??= endAll(reason)),
  };
}

/**
 * Ends cleanly on Ctrl-C and SIGTERM: the first signal ends `shutdown` and exits with 130 or 143, a second one exits at once.
 * Returns a function that stops listening.
 */
export function endOnSignals(shutdown: Shutdown): () => void {
  const codes = { SIGINT: 130, SIGTERM: 143 } as const;
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    const code = signal === 'SIGINT' ? codes.SIGINT : codes.SIGTERM;
    signals += 1;
    if (signals > 1) process.exit(code);
    void shutdown.end(`received ${signal}`).then(() => process.exit(code));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return () => {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  };
}
