/**
 * Does `work` at once and again and again, never twice at a time: it resolves to the milliseconds until the next time, and has to answer its own
 * errors. Returns a function that stops it and resolves when what is under way has ended.
 */
export function repeat(work: () => Promise<number>): () => Promise<void> {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  const once = async () => {
    const wait = await work();
    if (!stopped) timer = setTimeout(begin, wait);
  };
  const begin = () => {
    running = once();
  };
  begin();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await running;
  };
}
