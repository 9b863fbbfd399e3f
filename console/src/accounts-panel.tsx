import { type FormEvent, useState } from 'react';
import type {
  AccountResponse,
  GrantRequest,
  NewAccountResponse,
  PageOf,
  SignInLinkResponse,
} from '../../runner/api/responses.ts';
import { call, part, post, useApi } from './api.ts';
import { GrantFields, grantText, READ_EVERYTHING } from './grant-fields.tsx';
import { Act, Badge, Pending, When } from './parts.tsx';

/** Who has an account, and what they may do: for owners. */
export function AccountsPanel() {
  const { data, error, reload } = useApi<PageOf<AccountResponse>>('/api/accounts');
  return (
    <section className="panel" aria-labelledby="accounts">
      <h2 id="accounts">Accounts</h2>
      <NewAccount done={reload} />
      {error && <Pending error={error} />}
      <ul className="plain">
        {data?.items.map((account) => (
          <OneAccount key={account.id} account={account} done={reload} />
        ))}
      </ul>
    </section>
  );
}

function NewAccount({ done }: { readonly done: () => void }) {
  const [name, setName] = useState('');
  const [grant, setGrant] = useState<GrantRequest>(READ_EVERYTHING);
  const [told, setTold] = useState<{ readonly url?: string; readonly problem?: string }>({});
  const make = async (event: FormEvent) => {
    event.preventDefault();
    try {
      const { url } = await post<NewAccountResponse>('/api/accounts', { name: name.trim(), grants: [grant] });
      setTold({ url });
      setName('');
      done();
    } catch (error) {
      setTold({ problem: (error as Error).message });
    }
  };
  return (
    <form className="toolbar" aria-label="New account" onSubmit={(event) => void make(event)}>
      <label>
        Name <input required maxLength={100} value={name} onChange={({ target }) => setName(target.value)} />
      </label>
      <GrantFields grant={grant} onChange={setGrant} />
      <button type="submit" className="main">
        Make an account
      </button>
      {told.url && (
        <p className="notice" role="status">
          Send them this link, it signs in once: <code>{told.url}</code>
        </p>
      )}
      {told.problem && (
        <p className="refused" role="alert">
          {told.problem}
        </p>
      )}
    </form>
  );
}

function OneAccount({ account, done }: { readonly account: AccountResponse; readonly done: () => void }) {
  const path = `/api/accounts/${part(account.id)}`;
  const { name, given, grants, groups } = account;
  const ofFile = grants.slice(given.length);
  const take = (index: number) => () =>
    post(`${path}/grants`, { grants: given.filter((_, at) => at !== index) }).then(done);
  return (
    <li>
      <b>{name}</b>{' '}
      {given.map((grant, index) => (
        <span key={grantText(grant)}>
          <Badge state="quiet" text={grantText(grant)} />{' '}
          <Act name={`Take ${grant.role} from ${name}`} act={take(index)} />{' '}
        </span>
      ))}
      {ofFile.map((grant) => (
        <span key={grantText(grant)}>
          <Badge state="quiet" text={`${grantText(grant)}, by the runner’s file`} />{' '}
        </span>
      ))}
      {grants.length === 0 && <Badge state="quiet" text="no role" />}
      {groups && (
        <>
          from its provider <When time={account.signedOnAt} />, groups {groups.join(', ') || 'none'}{' '}
        </>
      )}
      <details>
        <summary>Change {name}</summary>
        <AddGrant path={path} given={given} done={done} />
        {!groups && (
          <Act
            name={`Make a link for ${name}`}
            act={() => post<SignInLinkResponse>(`${path}/sign-in-links`).then(({ url }) => url)}
          />
        )}
        <Act name={`Remove ${name}`} danger act={() => call(path, { method: 'DELETE' }).then(done)} />
      </details>
    </li>
  );
}

function AddGrant(props: {
  readonly path: string;
  readonly given: readonly GrantRequest[];
  readonly done: () => void;
}) {
  const [grant, setGrant] = useState<GrantRequest>(READ_EVERYTHING);
  return (
    <div className="toolbar">
      <GrantFields grant={grant} onChange={setGrant} />
      <Act
        name="Give the role"
        act={() => post(`${props.path}/grants`, { grants: [...props.given, grant] }).then(props.done)}
      />
    </div>
  );
}
