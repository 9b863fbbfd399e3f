/** Who somebody is, as a provider of identities has shown. */
export interface Identity {
  readonly subject: string;
  /** What approvals and the audit trail call them. */
  readonly name: string;
  readonly groups: readonly string[];
  /** Only where the provider says that it is verified. */
  readonly email: string | undefined;
  /** The provider's name of the session, where it has one. */
  readonly sid: string | undefined;
}

/**
 * A provider that people sign in at (OpenID Connect Core 1.0: authorization code flow with PKCE). Nothing is kept between `begin` and `finish` but what the
 * browser remembers, so that any runner of several can finish.
 *
 * Everything rejects with a transient error while the provider cannot be reached, and with a user error where what came does not hold.
 */
export interface IdentityProvider {
  readonly issuer: string;
  /** What people call it. */
  readonly name: string;
  /** How long a session may last before the provider is asked again, in milliseconds. */
  readonly sessionMs: number;
  /** How long tokens count after their owner came from the provider last, in milliseconds. */
  readonly tokensMs: number;
  /** Where to send a browser, and what it has to bring back. That is a secret of the browser. */
  begin(returnTo: string): Promise<{ readonly url: string; readonly remembered: string }>;
  /** `at` is the address that the browser was sent back to, with its query. */
  finish(at: URL, remembered: string): Promise<Identity>;
  /** Where a browser ends its session with the provider too; undefined where the provider has no such place. */
  signOutUrl(returnTo: string): Promise<string | undefined>;
  /** Whose sessions the provider has ended (OpenID Connect Back-Channel Logout 1.0, section 2.6). */
  ended(logoutToken: string): Promise<{ readonly subject?: string | undefined; readonly sid?: string | undefined }>;
}
