/** A place that keeps bytes under keys with slashes: a folder or an object store. Keys never start with a slash. */
export interface Bucket {
  /** Undefined if there is nothing under the key. */
  read(key: string): Promise<Buffer | undefined>;
  /** Replaces what was there, as a whole or not at all. Durable when it resolves. */
  write(key: string, bytes: string | Uint8Array): Promise<void>;
  /** No error if there is nothing. */
  delete(key: string): Promise<void>;
  /** Every key under the prefix (a folder, with or without its slash), sorted. */
  list(prefix: string): Promise<readonly BucketEntry[]>;
  /** A log under the key: what was appended before stays. One writer at a time. */
  openLog(key: string): Promise<BucketLog>;
  /** The whole log, with an unfinished last line; undefined if there is none. */
  readLog(key: string): Promise<string | undefined>;
  deleteLog(key: string): Promise<void>;
  /** How a key is named in a message. */
  describe(key: string): string;
}

export interface BucketEntry {
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly modified: number;
}

export interface BucketLog {
  /** Durable when it resolves. */
  append(text: string): Promise<void>;
  close(): Promise<void>;
}
