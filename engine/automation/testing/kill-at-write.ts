import { promises, writeSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/**
 * Loaded before an executable (`node --import`): ends its process as `kill -9` does right before its Nth change of a file whose path holds
 * the text MAINSTAY_KILL_UNDER. N is MAINSTAY_KILL_AT, counted from 1; each change is a line `change <N> <what> <path>` on standard error.
 * A file that is written beside its place first changes when it is renamed.
 */
const under = process.env.MAINSTAY_KILL_UNDER ?? '';
const place = Number(process.env.MAINSTAY_KILL_AT);
let changes = 0;

function change(what: string, path: unknown): void {
  if (!String(path).includes(under)) return;
  changes += 1;
  writeSync(2, `change ${changes} ${what} ${path}\n`);
  if (changes === place) process.kill(process.pid, 'SIGKILL');
}

const { rename, rm, open } = promises;
Object.assign(promises, {
  rename: (...call: Parameters<typeof rename>) => {
    change('rename', call[1]);
    return rename(...call);
  },
  rm: (...call: Parameters<typeof rm>) => {
    change('remove', call[0]);
    return rm(...call);
  },
  open: async (...call: Parameters<typeof open>) => {
    const handle = await open(...call);
    const { appendFile } = handle;
    return Object.assign(handle, {
      appendFile: (...appended: Parameters<typeof appendFile>) => {
        change('append', call[0]);
        return appendFile.apply(handle, appended);
      },
    });
  },
});
syncBuiltinESMExports();
