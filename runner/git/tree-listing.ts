import { userError } from '../../foundation/errors.ts';
import type { BlobReader } from './blob-reader.ts';
import type { GitTree } from './git-tree.ts';

/** One line of a tree object. */
interface Entry {
  readonly mode: string;
  readonly name: string;
  readonly hash: string;
}

const FOLDER = '40000';
const SUBMODULE = '160000';
const ORDINARY = '100644';

/** Folders kept in memory: those of some estates of ten thousand files. */
const FOLDERS_KEPT = 5000;

/**
 * Lists the files of commits. A folder is read once, by its hash: of the next commit only those are read that it changes, through the process that reads
 * files anyway.
 */
export class TreeListing {
  readonly #objects: BlobReader;
  readonly #folders = new Map<string, Promise<readonly Entry[]>>();

  constructor(objects: BlobReader) {
    this.#objects = objects;
  }

  /** In git's own order. Links to other repositories (submodules) are refused: their files would be missing. */
  async list(commit: string): Promise<Pick<GitTree, 'files' | 'modes'>> {
    const files = new Map<string, string>();
    const modes = new Map<string, string>();
    const take = async (entries: readonly Entry[], place: string): Promise<void> => {
      const folders = entries.map(({ mode, hash }) => (mode === FOLDER ? this.#entries(hash) : undefined));
      for (const [index, { mode, name, hash }] of entries.entries()) {
        const path = place + name;
        const folder = folders[index];
        if (folder) {
          await take(await folder, `${path}/`);
          continue;
        }
        if (mode === SUBMODULE) throw submodule(commit, path);
        files.set(path, hash);
        if (mode !== ORDINARY) modes.set(path, mode);
      }
    };
    await take(await this.#read(`${commit}^{tree}`), '');
    return { files, modes };
  }

  async #read(name: string): Promise<readonly Entry[]> {
    const bytes = await this.#objects.readBytes(name);
    return entriesIn(bytes, this.#objects.hashBytes);
  }

  #entries(hash: string): Promise<readonly Entry[]> {
    const known = this.#folders.get(hash);
    const entries = known ?? this.#read(hash);
    this.#folders.delete(hash);
    this.#folders.set(hash, entries);
    entries.catch(() => this.#folders.delete(hash));
    for (const oldest of this.#folders.keys()) {
      if (this.#folders.size <= FOLDERS_KEPT) break;
      this.#folders.delete(oldest);
    }
    return entries;
  }
}

/** `<mode> <name>\\0<hash as bytes>` again and again (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects). */
function entriesIn(bytes: Buffer, hashLength: number): readonly Entry[] {
  const entries: Entry[] = [];
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const end = bytes.indexOf(0, space);
    const next = end + 1 + hashLength;
    const mode = bytes.toString('latin1', at, space).replace(/^0+/, '');
    entries.push({ mode, name: bytes.toString('utf8', space + 1, end), hash: bytes.toString('hex', end + 1, next) });
    at = next;
  }
  return entries;
}

function submodule(commit: string, path: string): Error {
  return userError(
    `Cannot read commit ${commit.slice(0, 8)} as submodules are not supported: ${path}. Copy the files in, or make them a package.`,
  );
}
