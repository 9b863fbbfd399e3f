import { constants, setPriority } from 'node:os';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { messageOf } from '../../foundation/errors.ts';
import { startProcess } from '../../foundation/processes.ts';
import type { ConsolePage } from './console-page.ts';

const BUILD = resolve(import.meta.dirname, '../../console/build.ts');

/**
 * Has the console built where its present sources are not yet (docs/decisions/030): a process of its own does it, so that the runner never holds a
 * bundler's memory. The page is there when that has ended; where it cannot be built the page says why and the API is served all the same.
 */
export function buildConsole({ tell }: { readonly tell: (line: string) => void }): ConsolePage {
  let folder: string | undefined;
  let waiting = 'The console is being built: a few seconds.';
  const fail = (why: string) => {
    waiting = `Cannot show the console as it could not be built: ${why} See that the development dependencies are installed (npm ci), and run npm run build:console.`;
    tell(waiting);
  };
  void (async () => {
    try {
      const built = await runBuild(tell);
      if (built.folder === undefined) fail(built.problem);
      else folder = built.folder;
    } catch (error) {
      fail(messageOf(error));
    }
  })();
  return { folder: () => folder, waiting: () => waiting };
}

/** The build prints `building` where it has something to do, and at last its folder. */
async function runBuild(
  tell: (line: string) => void,
): Promise<{ readonly folder: string | undefined; readonly problem: string }> {
  const build = await startProcess(process.execPath, [BUILD], { stdio: ['ignore', 'pipe', 'pipe'] });
  yieldToOthers(build.identity.pid);
  const { stdout, stderr } = build.child;
  if (!stdout || !stderr) throw new Error('a process without pipes');
  let problem = '';
  stderr.setEncoding('utf8').on('data', (text: string) => {
    problem = (problem + text).slice(-2000);
  });
  let last = '';
  for await (const line of createInterface(stdout)) {
    if (line === 'building') tell('building the console');
    last = line;
  }
  const { code } = await build.exited;
  return { folder: code === 0 && last !== '' ? last : undefined, problem: problem.trim() };
}

/** Nobody waits for the page while the first change is previewed beside its build. */
function yieldToOthers(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It has ended already, or this system has no such thing: then it is as it was.
  }
}
