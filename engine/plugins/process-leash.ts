import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';

/**
 * Ends process groups when this process ends, however it ends: `kill -9` leaves no chance to an exit handler. One small shell holds
 * the other end of a pipe; when the pipe breaks it ends the groups that were not taken back, first politely, then by force.
 */
const script = `
trap '' INT TERM HUP
groups=
while read -r verb group; do
  rest=
  for known in $groups; do [ "$known" = "$group" ] || rest="$rest $known"; done
  groups="$rest"
  if [ "$verb" = add ]; then groups="$groups $group"; fi
done
[ -n "$groups" ] || exit 0
for group in $groups; do kill -INT "-$group" 2>/dev/null; done
for wait in 1 2 3 4 5 6 7 8 9 10; do
  alive=
  for group in $groups; do kill -0 "-$group" 2>/dev/null && alive=1; done
  [ -n "$alive" ] || exit 0
  sleep 0.5
done
for group in $groups; do kill -KILL "-$group" 2>/dev/null; done
`;

let leash: ChildProcess | undefined;

/** Puts the process group that `pid` leads on the leash. Returns a function that lets it go, for when it has ended. */
export function leashProcessGroup(pid: number): () => void {
  if (process.platform === 'win32') return () => {};
  const input = leashInput();
  input?.write(`add ${pid}\n`);
  return () => {
    input?.write(`remove ${pid}\n`);
  };
}

function leashInput(): Writable | undefined {
  if (leash?.stdin?.writable) return leash.stdin;
  const shell = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true, cwd: '/' });
  // Without a shell there is no leash; the exit handler of foundation/processes.ts still ends what it can.
  shell.on('error', () => {});
  shell.stdin.on('error', () => {});
  // It must not keep this process alive, and ends by itself after it.
  shell.unref();
  unreference(shell.stdin);
  leash = shell;
  return shell.stdin;
}

function unreference(stream: Writable): void {
  if ('unref' in stream && typeof stream.unref === 'function') stream.unref();
}
