/** What people can be told of, by the names that settings give it. */
export const NOTICE_KINDS = [
  'run-failed',
  'approval-wanted',
  'drift-found',
  'drift-gone',
  'rollout-finished',
  'break-glass',
] as const;

export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** One thing that happened. Redacted: it is made of what is stored. */
export interface Notice {
  /** The same for the same thing, whoever finds it. */
  readonly key: string;
  readonly kind: NoticeKind;
  readonly repository: string;
  /** Id of the run or rollout, or the stack's. */
  readonly subject: string;
  /** For people, without a link. */
  readonly text: string;
  /** Below the runner's address: `runs/<id>`. */
  readonly path: string;
  readonly sandbox: boolean;
  readonly at: string;
}

/** A notice on its way to a channel. */
export interface Delivery {
  readonly number: number;
  readonly notice: Notice;
  /** This one included. */
  readonly attempts: number;
}

/** What is to be told, and what came of it. Every call is one transaction and may be repeated. */
export interface NoticeStore {
  /** Puts what has happened since the channel began, a day at most, on its way to it: each thing once. The first call begins the channel. */
  collect(channel: string, kinds: readonly NoticeKind[]): Promise<number>;
  /**
   * Takes the oldest that are due, and nobody else for `leaseSeconds`. None within `everySeconds` of the last ones that were taken: what happens
   * meanwhile goes together.
   */
  take(
    channel: string,
    options: { readonly most: number; readonly leaseSeconds: number; readonly everySeconds: number },
  ): Promise<readonly Delivery[]>;
  sent(numbers: readonly number[]): Promise<void>;
  /** `againSeconds` undefined: given up. */
  failed(number: number, end: { readonly problem: string; readonly againSeconds: number | undefined }): Promise<void>;
  /** How many are in each state, for tests and people. */
  counts(channel: string): Promise<Readonly<Record<'waiting' | 'sent' | 'given-up', number>>>;
}
