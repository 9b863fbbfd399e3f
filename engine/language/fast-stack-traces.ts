/** `Error.prepareStackTrace` of V8. */
type PrepareStackTrace = (error: Error, frames: NodeJS.CallSite[]) => string;

/** Enough for every place of a large program; then it starts anew. */
const mostLines = 20_000;

/**
 * Makes stack traces cheap without changing what they say. The SDK asks for two or three whole traces a resource: one at every promise that
 * it tracks (runtime/debuggable.js), which is only ever shown with PULUMI_DEBUG_PROMISE_LEAKS, and one for the resource's place in the
 * source. Mapping their frames through source maps took half of the time of a large program; the frames are always the same ones.
 * To be called when `source-map-support` is installed; `mapped` is what it installed.
 */
export function installFastStackTraces(mapped: PrepareStackTrace): void {
  const debugging = Boolean(process.env.PULUMI_DEBUG_PROMISE_LEAKS);
  const lines = new Map<string, string>();
  const prepare: PrepareStackTrace = (error, frames) => {
    if (!debugging && frames[0]?.getFunctionName() === 'debuggablePromise') return 'Error';
    // The first line of a trace is made from the error; its frames follow.
    let trace = mapped(error, []);
    for (const frame of frames) trace += lineOf(frame);
    return trace;
  };
  const lineOf = (frame: NodeJS.CallSite): string => {
    const place = String(frame);
    let line = lines.get(place);
    if (line === undefined) {
      if (lines.size >= mostLines) lines.clear();
      const whole = mapped(noError, [frame]);
      line = whole.slice(whole.indexOf('\n    at '));
      lines.set(place, line);
    }
    return line;
  };
  Error.prepareStackTrace = prepare as typeof Error.prepareStackTrace;
}

const noError = Object.assign(Object.create(null), { name: 'Error', message: '' }) as Error;
