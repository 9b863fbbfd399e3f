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
 * Ends cleanly on Ctrl-C, SIGTERM and where the terminal is closed: the first signal ends `shutdown` and exits with 130, 143 or 129, a second one exits at
 * once. Returns a function that stops listening.
 */
export function endOnSignals(shutdown: Shutdown): () => void {
  const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  let signals = 0;
  const onSignal = (signal: keyof typeof codes) => {
    const code = codes[signal];
    signals += 1;
    if (signals > 1) process.exit(code);
    void shutdown.end(`received ${signal}`).then(() => process.exit(code));
  };
  const names = Object.keys(codes) as readonly (keyof typeof codes)[];
  for (const name of names) process.on(name, onSignal);
  return () => {
    for (const name of names) process.off(name, onSignal);
  };
}

/** What a child of ours is told by its environment: whose it is. */
const PARENT = 'MAINSTAY_PARENT';

const LOOKS_EVERY_MS = 1000;

/** The environment of a child that ends where this process does, also where that is killed with -9: it has to call `endWithParent`. */
export function asChild(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...environment, [PARENT]: String(process.pid) };
}

/** Ends as SIGTERM does once the process that started this one is gone, where that one has said so (`asChild`). */
export function endWithParent(shutdown: Shutdown): void {
  const parent = process.env[PARENT];
  delete process.env[PARENT];
  if (parent === undefined) return;
  const timer = setInterval(() => {
    if (String(process.ppid) === parent) return;
    clearInterval(timer);
    void shutdown.end('the process that started it has ended').then(() => process.exit(143));
  }, LOOKS_EVERY_MS);
  timer.unref();
}
