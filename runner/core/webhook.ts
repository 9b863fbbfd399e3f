/** What a delivery of a webhook says, whichever forge sent it. Only comments and merge queues are acted on as said; the rest says *look now*. */
export type Notice =
  | { readonly kind: 'look' }
  /** A change is new or has a new head. */
  | {
      readonly kind: 'change';
      readonly change: string;
      readonly head: string;
      readonly base: string;
      /** Where the change is of this repository and not of a fork. */
      readonly branch?: string | undefined;
    }
  /** A branch has a new head. Forges tell of it before they tell what change it is of. */
  | { readonly kind: 'pushed'; readonly branch: string; readonly head: string }
  | {
      readonly kind: 'comment';
      readonly change: string;
      /** The forge's id of the comment. */
      readonly comment: string;
      readonly author: string;
      readonly text: string;
    }
  /** A merge queue wants to know about a commit that it made. */
  | { readonly kind: 'queue'; readonly head: string; readonly base: string; readonly branch: string }
  /** Not for us, with the reason. */
  | { readonly kind: 'ignored'; readonly why: string };

/** How one forge signs and writes its deliveries. */
export interface WebhookDialect {
  /** Header that names the event. */
  readonly eventHeader: string;
  /** Whether a delivery comes from who knows the secret; compared in constant time, over the bytes that came. */
  verify(headers: Headers, body: Uint8Array, secret: string): boolean;
  /** Throws where the payload is not what the forge's documentation says. */
  parse(event: string, payload: unknown): Notice & { readonly repository?: string };
}
