import { readFile } from 'node:fs/promises';

/** A user of this machine who is not root. */
export interface UnprivilegedUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** `nobody`, for servers that refuse to run as root; undefined where this process is not root itself. Rejects without such a user. */
export async function unprivilegedUser(): Promise<UnprivilegedUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const entry = lines.find(([name]) => name === 'nobody');
  if (!entry)
    throw new Error('Cannot start the server as it must not run as root and there is no user nobody in /etc/passwd.');
  return { name: 'nobody', uid: Number(entry[2]), gid: Number(entry[3]) };
}
