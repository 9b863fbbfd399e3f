import { type FormEvent, useState } from 'react';
import { useLocation } from 'wouter';
import type { SessionResponse, SignInWaysResponse } from '../../runner/api/responses.ts';
import { post, rememberSession, setSignedOut, useApi } from './api.ts';

/** Where the browser wanted to be, kept while it is at the provider. Of this tab alone, and never an address of somebody else. */
const RETURN = 'mainstay-return';

function rememberReturn(): void {
  const { pathname, search } = window.location;
  if (pathname !== '/sign-in') window.sessionStorage.setItem(RETURN, pathname + search);
}

/** The page that was wanted before one was sent to sign in; asked for once. */
export function takeReturn(): string | undefined {
  const path = window.sessionStorage.getItem(RETURN);
  window.sessionStorage.removeItem(RETURN);
  return path?.startsWith('/') && !path.startsWith('//') ? path : undefined;
}

function SingleSignOn() {
  const { data } = useApi<SignInWaysResponse>('/api/sign-in-ways');
  if (!data?.singleSignOn) return null;
  return (
    <p>
      <a className="button main" href={data.singleSignOn.path} onClick={rememberReturn}>
        Sign in with {data.singleSignOn.name}
      </a>
    </p>
  );
}

/** Opened by a one-time link (`/sign-in#<secret>`), or where nobody is signed in. */
export function SignInPage({ onSession }: { readonly onSession: (session: SessionResponse) => void }) {
  const [secret] = useState(() => window.location.hash.slice(1));
  const [, go] = useLocation();
  const [value, setValue] = useState('');
  const [problem, setProblem] = useState<string>();
  const asksName = secret.startsWith('first_');
  const signIn = async (event: FormEvent) => {
    event.preventDefault();
    try {
      const body = secret ? { link: secret, ...(value.trim() && { name: value.trim() }) } : { token: value.trim() };
      const session = await post<SessionResponse>('/api/session', body);
      rememberSession(session);
      window.history.replaceState(null, '', '/');
      setSignedOut(false);
      onSession(session);
      go(takeReturn() ?? '/');
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    <main className="sign-in" id="main">
      <h1>Mainstay</h1>
      <form onSubmit={(event) => void signIn(event)}>
        {secret ? (
          <>
            <p>{asksName ? 'This is the first account: it may do everything.' : 'This link signs you in, once.'}</p>
            {asksName && (
              <label>
                Your name, as approvals show it
                <input
                  // biome-ignore lint/a11y/noAutofocus: it is the one thing to do here
                  autoFocus
                  required
                  value={value}
                  maxLength={100}
                  onChange={({ target }) => setValue(target.value)}
                />
              </label>
            )}
          </>
        ) : (
          <>
            <SingleSignOn />
            <p>
              Open a one-time link: <code>npx mainstay sign-in</code> prints one. Or use an access token.
            </p>
            <label>
              Access token
              <input
                type="password"
                required
                autoComplete="off"
                value={value}
                onChange={({ target }) => setValue(target.value)}
              />
            </label>
          </>
        )}
        <button type="submit" className="main">
          Sign in
        </button>
        {problem && (
          <p className="problem" role="alert">
            {problem}
          </p>
        )}
      </form>
    </main>
  );
}
