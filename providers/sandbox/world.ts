import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { canonical, type Json } from './world-json.ts';

export type JsonMap = { readonly [key: string]: Json };

/** One thing that exists in the sandbox. `inputs` and `outputs` are the world's JSON (secrets are hashes). */
export interface WorldObject {
  /** What keeps equal ids apart: the cluster of a Kubernetes object, '' elsewhere. */
  readonly realm: string;
  readonly type: string;
  readonly id: string;
  readonly urn: string;
  readonly inputs: JsonMap;
  readonly outputs: JsonMap;
}

export type WorldKey = Pick<WorldObject, 'realm' | 'type' | 'id'>;

export type Verb = 'create' | 'read' | 'update' | 'delete' | 'invoke';

/**
 * Something that shall go wrong. `match` is a pattern (`*` any text) over the URN, the type, or the resource's name.
 * - `fail`: the call fails with `message`.
 * - `throttle`: the call fails as a cloud's rate limit does, and is asked to be tried again.
 * - `lag`: the call takes `milliseconds` longer.
 * - `drift`: before the next read, `path` (dots between members) becomes `value` behind the stack's back.
 * - `vanish`: before the next read, the object is gone.
 */
export interface SandboxFault {
  readonly kind: 'fail' | 'throttle' | 'lag' | 'drift' | 'vanish';
  readonly match: string;
  /** Default: every verb that changes something (`drift` and `vanish`: read). */
  readonly on?: readonly Verb[];
  /** How often it happens; default: always for `fail`, `throttle` and `lag`, once for `drift` and `vanish`. */
  readonly times?: number;
  /** Default 1000. */
  readonly milliseconds?: number;
  readonly message?: string;
  readonly path?: string;
  readonly value?: Json;
}

/**
 * A sandbox's world: one SQLite file, used by any number of processes at once (WAL, immediate transactions, 10 s of patience).
 * It is also the control desk of tests and demos: `drift`, `vanish` and `setFaults` change what happens next.
 */
export class World {
  readonly path: string;
  /** Key of the hashes that stand for secrets in this file. */
  readonly sealKey: string;
  readonly #database: DatabaseSync;

  constructor(path: string) {
    this.path = path;
    mkdirSync(dirname(path), { recursive: true });
    this.#database = new DatabaseSync(path, { timeout: 10_000 });
    this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS object (realm TEXT, type TEXT, id TEXT, urn TEXT, inputs TEXT, outputs TEXT,
        PRIMARY KEY (realm, type, id));
      CREATE INDEX IF NOT EXISTS object_id ON object (id);
      CREATE TABLE IF NOT EXISTS fault (position INTEGER PRIMARY KEY, fault TEXT);
      CREATE TABLE IF NOT EXISTS fault_use (fault TEXT PRIMARY KEY, uses INTEGER);
      CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT);`);
    this.#database.prepare("INSERT OR IGNORE INTO meta VALUES ('sealKey', ?)").run(randomBytes(32).toString('hex'));
    this.sealKey = String(this.#database.prepare("SELECT value FROM meta WHERE name = 'sealKey'").get()!.value);
  }

  /** Runs `work` alone among all processes that use this file; what it changed is undone when it throws. */
  transaction<Result>(work: () => Result): Result {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  /** Everything, or everything of a type, in the order of making. */
  list(type?: string): readonly WorldObject[] {
    const rows =
      type === undefined
        ? this.#database.prepare('SELECT * FROM object ORDER BY rowid').all()
        : this.#database.prepare('SELECT * FROM object WHERE type = ? ORDER BY rowid').all(type);
    return rows.map(objectOfRow);
  }

  /** Everything of a realm whose id begins with a text. */
  listBelow(realm: string, prefix: string): readonly WorldObject[] {
    const rows = this.#database
      .prepare('SELECT * FROM object WHERE realm = ? AND substr(id, 1, ?) = ? ORDER BY rowid')
      .all(realm, prefix.length, prefix);
    return rows.map(objectOfRow);
  }

  /** Whether any object has this id. */
  hasId(id: string): boolean {
    return this.#database.prepare('SELECT 1 FROM object WHERE id = ? LIMIT 1').get(id) !== undefined;
  }

  /** Objects whose inputs or outputs hold a text somewhere. A first choice for rules that then look closer. */
  mentioning(text: string, where: 'inputs' | 'outputs'): readonly WorldObject[] {
    const needle = JSON.stringify(text).slice(1, -1);
    const statement = this.#database.prepare(`SELECT * FROM object WHERE instr(${where}, ?) > 0 ORDER BY rowid`);
    return statement.all(needle).map(objectOfRow);
  }

  get(key: WorldKey): WorldObject | undefined {
    const row = this.#database
      .prepare('SELECT * FROM object WHERE realm = ? AND type = ? AND id = ?')
      .get(key.realm, key.type, key.id);
    return row && objectOfRow(row);
  }

  /** Makes it, or replaces what has the same realm, type and id. */
  put(object: WorldObject): void {
    this.#database
      .prepare(
        `INSERT INTO object VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (realm, type, id)
         DO UPDATE SET urn = excluded.urn, inputs = excluded.inputs, outputs = excluded.outputs`,
      )
      .run(
        object.realm,
        object.type,
        object.id,
        object.urn,
        JSON.stringify(object.inputs),
        JSON.stringify(object.outputs),
      );
  }

  remove(key: WorldKey): void {
    this.#database
      .prepare('DELETE FROM object WHERE realm = ? AND type = ? AND id = ?')
      .run(key.realm, key.type, key.id);
  }

  /**
   * Changes what exists behind the stack's back. `match` as in `SandboxFault`; `path` has dots between members
   * (`spec.replicas`). Returns how many objects were changed.
   */
  drift(match: string, path: string, value: Json): number {
    return this.transaction(() => {
      const hit = this.list().filter((object) => matches(match, object));
      for (const object of hit) {
        const parts = path.split('.');
        this.put({
          ...object,
          inputs: withMember(object.inputs, parts, value) as JsonMap,
          outputs: withMember(object.outputs, parts, value) as JsonMap,
        });
      }
      return hit.length;
    });
  }

  /** Deletes what matches behind the stack's back. Returns how many objects are gone. */
  vanish(match: string): number {
    return this.transaction(() => {
      const hit = this.list().filter((object) => matches(match, object));
      for (const object of hit) this.remove(object);
      return hit.length;
    });
  }

  /** Replaces the faults set here before (the ones of a stack's settings are apart), and forgets how often each happened. */
  setFaults(faults: readonly SandboxFault[]): void {
    this.transaction(() => {
      this.#database.exec('DELETE FROM fault; DELETE FROM fault_use');
      for (const fault of faults)
        this.#database.prepare('INSERT INTO fault (fault) VALUES (?)').run(JSON.stringify(fault));
    });
  }

  faults(): readonly SandboxFault[] {
    const rows = this.#database.prepare('SELECT fault FROM fault ORDER BY position').all();
    return rows.map((row) => JSON.parse(String(row.fault)) as SandboxFault);
  }

  /** Counts one use of `fault`. False when it has happened often enough already. */
  takeFault(fault: SandboxFault, times: number): boolean {
    const name = canonical(fault as unknown as Json);
    return this.transaction(() => {
      const row = this.#database.prepare('SELECT uses FROM fault_use WHERE fault = ?').get(name);
      if (Number(row?.uses ?? 0) >= times) return false;
      this.#database
        .prepare('INSERT INTO fault_use VALUES (?, 1) ON CONFLICT (fault) DO UPDATE SET uses = uses + 1')
        .run(name);
      return true;
    });
  }

  close(): void {
    this.#database.close();
  }
}

/** Whether a pattern (`*` any text) fits the URN, the type or the resource's name. */
export function matches(pattern: string, object: { readonly urn: string; readonly type: string }): boolean {
  const expression = new RegExp(`^${pattern.split('*').map(escapeExpression).join('.*')}$`);
  const name = object.urn.slice(object.urn.lastIndexOf('::') + 2);
  return [object.urn, object.type, name].some((text) => expression.test(text));
}

function escapeExpression(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function withMember(json: Json, path: readonly string[], value: Json): Json {
  const [first, ...rest] = path;
  if (first === undefined) return value;
  if (Array.isArray(json))
    return json.map((element: Json, index) => (String(index) === first ? withMember(element, rest, value) : element));
  const members = typeof json === 'object' && json !== null ? (json as JsonMap) : {};
  return { ...members, [first]: withMember(members[first] ?? {}, rest, value) };
}

function objectOfRow(row: Record<string, unknown>): WorldObject {
  return {
    realm: String(row.realm),
    type: String(row.type),
    id: String(row.id),
    urn: String(row.urn),
    inputs: JSON.parse(String(row.inputs)) as JsonMap,
    outputs: JSON.parse(String(row.outputs)) as JsonMap,
  };
}
