import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** For how long PostgreSQL outlives who started it: the next life attaches to it, if it comes by then. */
const OUTLIVES_SECONDS = 15;

/**
 * Waits for the end of its input, which is when the process that holds the other end is gone, however it went. Then it gives the next life its time, and ends
 * the postmaster ($3) the orderly way where nobody has put another word ($2) into the file of the owner ($1) and its own file ($4) says that it is
 * still that process.
 */
const SCRIPT = `cat > /dev/null
left=$5
while [ "$left" -gt 0 ]; do
  sleep 1
  left=$((left - 1))
  [ "$(cat "$1" 2> /dev/null)" = "$2" ] || exit 0
  [ "$(head -n 1 "$4" 2> /dev/null)" = "$3" ] || exit 0
done
kill -INT "$3"`;

/**
 * Has PostgreSQL end some seconds after this process, also where that is killed with -9 or its terminal is closed; unless another life of ours has it by then.
 * `folder` is the one that `data` is in. Returns a function that takes it back, for an orderly end. Windows has no such shell: there it does nothing.
 */
export function guardPostgres(options: {
  readonly folder: string;
  readonly pid: number;
  readonly outlivesSeconds?: number;
}): () => void {
  if (process.platform === 'win32') return () => {};
  const { folder, pid, outlivesSeconds = OUTLIVES_SECONDS } = options;
  const [owner, word] = [join(folder, 'owner'), randomUUID()];
  writeFileSync(owner, word);
  const args = ['-c', SCRIPT, 'guard', owner, word, String(pid), join(folder, 'data', 'postmaster.pid')];
  const guard = spawn('/bin/sh', [...args, String(outlivesSeconds)], {
    ...{ cwd: '/', detached: true, env: { PATH: process.env.PATH }, stdio: ['pipe', 'ignore', 'ignore'] },
  });
  letGo(guard);
  return () => void guard.kill('SIGKILL');
}

/** It keeps nobody from ending. Without it, PostgreSQL is as it always was: found by the next life. */
function letGo(guard: ChildProcess): void {
  guard.on('error', () => {});
  guard.stdin?.on('error', () => {});
  guard.unref();
  const { stdin } = guard;
  if (stdin && 'unref' in stdin && typeof stdin.unref === 'function') stdin.unref();
}
