import { type FormEvent, useState } from 'react';
import type {
  AccessTokenResponse,
  GrantRequest,
  NewTokenResponse,
  PageOf,
  SessionResponse,
  SignedOutResponse,
} from '../../runner/api/responses.ts';
import { AccountsPanel } from './accounts-panel.tsx';
import { call, part, post, setSignedOut, useApi } from './api.ts';
import { GrantFields, grantText, READ_EVERYTHING } from './grant-fields.tsx';
import { Act, Badge, Empty, Page, Pending, When } from './parts.tsx';

/** Who is signed in and what they may do, their tokens, and for an owner everybody's accounts. */
export function AccountPage({ session }: { readonly session: SessionResponse }) {
  const { data, error, reload } = useApi<PageOf<AccessTokenResponse>>('/api/tokens');
  const { account, version, mayAll } = session;
  const signOut = async () => {
    const { url } = await call<SignedOutResponse>('/api/session', { method: 'DELETE' });
    if (url === undefined) setSignedOut();
    else window.location.assign(url);
  };
  return (
    <Page
      title={account.name}
      about={
        <>
          {account.grants.map(grantText).join('; ') || 'no role: ask an owner'}; Mainstay {version};{' '}
          <a href="/api/openapi.json">the API</a>
        </>
      }
      actions={<Act name="Sign out" act={signOut} />}
    >
      <section className="panel" aria-labelledby="tokens">
        <h2 id="tokens">Access tokens</h2>
        <NewToken done={reload} />
        {!data && <Pending error={error} />}
        {data?.items.length === 0 && (
          <Empty>There are none. A command line on another machine needs one, as MAINSTAY_TOKEN.</Empty>
        )}
        <ul className="plain">
          {data?.items.map((token) => (
            <li key={token.id}>
              <b>{token.name}</b> <Badge state="quiet" text={grantText(token)} /> made <When time={token.createdAt} />
              {token.lastUsedAt ? (
                <>
                  , used <When time={token.lastUsedAt} />
                </>
              ) : (
                ', never used'
              )}
              {token.expiresAt && `, until ${token.expiresAt.slice(0, 10)}`}{' '}
              <Act
                name="Remove"
                danger
                act={() => call(`/api/tokens/${part(token.id)}`, { method: 'DELETE' }).then(reload)}
              />
            </li>
          ))}
        </ul>
      </section>
      {mayAll.includes('own') && <AccountsPanel />}
    </Page>
  );
}

function NewToken({ done }: { readonly done: () => void }) {
  const [name, setName] = useState('');
  const [grant, setGrant] = useState<GrantRequest>(READ_EVERYTHING);
  const [made, setMade] = useState<NewTokenResponse>();
  const [problem, setProblem] = useState<string>();
  const make = async (event: FormEvent) => {
    event.preventDefault();
    try {
      setMade(await post<NewTokenResponse>('/api/tokens', { name: name.trim(), ...grant }));
      setName('');
      setProblem(undefined);
      done();
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    <form className="toolbar" aria-label="New token" onSubmit={(event) => void make(event)}>
      <label>
        What it is for <input required maxLength={100} value={name} onChange={({ target }) => setName(target.value)} />
      </label>
      <GrantFields grant={grant} onChange={setGrant} />
      <button type="submit" className="main">
        Make a token
      </button>
      {made && (
        <p className="notice" role="status">
          Shown this once: <code>{made.token}</code>
        </p>
      )}
      {problem && (
        <p className="refused" role="alert">
          {problem}
        </p>
      )}
    </form>
  );
}
