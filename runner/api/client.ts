import { MainstayError, messageOf, userError } from '../../foundation/errors.ts';
import type {
  AccessTokenResponse,
  AccountResponse,
  AuditEntryResponse,
  ChangeDetailResponse,
  ChangeResponse,
  DecisionRequest,
  DriftResponse,
  EnvironmentRequest,
  EnvironmentResponse,
  ErrorResponse,
  GrantRequest,
  NewAccountRequest,
  NewAccountResponse,
  NewTokenRequest,
  NewTokenResponse,
  OfferedRevertResponse,
  PageOf,
  PromotionRequest,
  PromotionResponse,
  RollbackRequest,
  RolloutDetailResponse,
  RolloutResponse,
  RunDetailResponse,
  RunEventResponse,
  RunResponse,
  SessionResponse,
  SettingsResponse,
  SignInLinkResponse,
  StatusResponse,
  UnlockedResponse,
} from './responses.ts';
import { AS_HEADER } from './route.ts';
import { readServerEvents } from './server-events.ts';

/** The runner's HTTP API, typed. Rejects with a transient error while the runner cannot be reached, with a user error where it refuses. */
export interface ApiClient {
  status(): Promise<StatusResponse>;
  /** One page: at most 1000, default 50. */
  runs(filter?: {
    readonly repository?: string;
    readonly stack?: string;
    readonly kind?: string;
    readonly state?: string;
    readonly change?: string;
    readonly rollout?: string;
    readonly limit?: number;
  }): Promise<readonly RunResponse[]>;
  run(id: string): Promise<RunDetailResponse>;
  /**
   * What happens in a run, after the number given, until it ends; without `follow`, which is true by default, what has happened. A connection that is
   * lost is made again for a minute.
   */
  runEvents(
    id: string,
    options?: { readonly after?: number; readonly follow?: boolean; readonly signal?: AbortSignal },
  ): AsyncIterable<RunEventResponse>;
  cancelRun(id: string): Promise<void>;
  retryRun(id: string): Promise<void>;
  changes(): Promise<readonly ChangeResponse[]>;
  change(id: string): Promise<ChangeDetailResponse>;
  environments(filter?: {
    readonly repository?: string;
    readonly change?: string;
  }): Promise<readonly EnvironmentResponse[]>;
  askForEnvironment(change: string, request: EnvironmentRequest): Promise<void>;
  rollouts(): Promise<readonly RolloutResponse[]>;
  rollout(id: string): Promise<RolloutDetailResponse>;
  decideRun(run: string, decision: DecisionRequest): Promise<void>;
  decideRollout(rollout: string, decision: DecisionRequest): Promise<void>;
  drift(filter?: { readonly repository?: string; readonly state?: string }): Promise<readonly DriftResponse[]>;
  /** Looks for drift now. */
  look(at: { readonly repository: string; readonly stack: string; readonly correct?: boolean }): Promise<void>;
  /** Clears what interrupted updates of a stack left. Returns what was done. */
  unlock(at: { readonly repository: string; readonly stack: string }): Promise<UnlockedResponse>;
  rollBack(
    request: RollbackRequest & { readonly repository: string; readonly stack: string },
  ): Promise<OfferedRevertResponse>;
  promotions(filter?: { readonly repository?: string; readonly state?: string }): Promise<readonly PromotionResponse[]>;
  promote(request: PromotionRequest & { readonly repository: string }): Promise<PromotionResponse>;
  audit(filter?: { readonly subject?: string; readonly limit?: number }): Promise<readonly AuditEntryResponse[]>;
  settings(repository: string): Promise<SettingsResponse>;
  makeSignInLink(): Promise<SignInLinkResponse>;
  /** Who is asking, and what they may do. */
  session(): Promise<SessionResponse>;
  accounts(): Promise<readonly AccountResponse[]>;
  makeAccount(account: NewAccountRequest): Promise<NewAccountResponse>;
  /** In the place of what it was given before. */
  setGrants(account: string, grants: readonly GrantRequest[]): Promise<AccountResponse>;
  makeAccountLink(account: string): Promise<SignInLinkResponse>;
  removeAccount(account: string): Promise<void>;
  makeToken(token: NewTokenRequest): Promise<NewTokenResponse>;
  tokens(): Promise<readonly AccessTokenResponse[]>;
  removeToken(id: string): Promise<void>;
  /** Makes the runner look at its repositories now. */
  sync(): Promise<void>;
}

export function createApiClient(options: {
  readonly url: string;
  readonly token: string | undefined;
  /** Who it is that has the token of the data folder; counts for nothing with another token. */
  readonly as?: string;
}): ApiClient {
  async function call<T>(path: string, body?: unknown): Promise<T> {
    const response = await send(path, body);
    const content: unknown = await response.json().catch(() => ({}));
    if (response.ok) return content as T;
    throw refusal(response, { path, content });
  }
  async function send(path: string, body: unknown, more: RequestInit = {}): Promise<Response> {
    const authorization = options.token ? { authorization: `Bearer ${options.token}` } : {};
    const person = options.as === undefined ? {} : { [AS_HEADER]: encodeURIComponent(options.as) };
    const posting = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    try {
      return await fetch(new URL(path, options.url), {
        ...more,
        ...posting,
        headers: { ...authorization, ...person, ...type, ...(more.headers as Record<string, string>) },
      });
    } catch (error) {
      const why = error instanceof Error && error.cause ? messageOf(error.cause) : messageOf(error);
      throw new MainstayError(
        'transient',
        `Cannot reach the runner as the connection failed: ${why || options.url}. Start it with \`npm start\` or \`mainstay serve\`.`,
      );
    }
  }
  async function remove(path: string): Promise<void> {
    const response = await send(path, undefined, { method: 'DELETE' });
    if (!response.ok) throw refusal(response, { path, content: await response.json().catch(() => ({})) });
  }
  const id = encodeURIComponent;
  const items = async <T>(path: string) => (await call<PageOf<T>>(path)).items;
  return {
    status: () => call('/api/status'),
    runs: (filter = {}) => items(`/api/runs?${query(filter)}`),
    run: (run) => call(`/api/runs/${id(run)}`),
    runEvents: (run, { after = 0, follow = true, signal } = {}) => {
      const path = `/api/runs/${id(run)}/events?${query({ follow })}`;
      const open = async (last: number) => {
        const response = await send(path, undefined, { signal, headers: { 'last-event-id': String(last) } });
        if (!response.ok) throw refusal(response, { path, content: await response.json().catch(() => ({})) });
        return response;
      };
      return readServerEvents(open, after);
    },
    cancelRun: (run) => call(`/api/runs/${id(run)}/cancel`, {}),
    retryRun: (run) => call(`/api/runs/${id(run)}/retry`, {}),
    changes: () => items('/api/changes'),
    change: (change) => call(`/api/changes/${id(change)}`),
    ...environmentCalls({ call, items }),
    rollouts: () => items('/api/rollouts'),
    rollout: (rollout) => call(`/api/rollouts/${id(rollout)}`),
    decideRun: (run, decision) => call(`/api/runs/${id(run)}/decision`, decision),
    decideRollout: (rollout, decision) => call(`/api/rollouts/${id(rollout)}/decision`, decision),
    drift: (filter = {}) => items(`/api/drift?${query(filter)}`),
    look: ({ repository, stack, correct = false }) =>
      call(`/api/repositories/${id(repository)}/stacks/${id(stack)}/look`, { correct }),
    unlock: ({ repository, stack }) => call(`/api/repositories/${id(repository)}/stacks/${id(stack)}/unlock`, {}),
    rollBack: ({ repository, stack, to, reason }) =>
      call(`/api/repositories/${id(repository)}/stacks/${id(stack)}/rollback`, { to, reason }),
    promotions: (filter = {}) => items(`/api/promotions?${query(filter)}`),
    promote: ({ repository, ...promotion }) => call(`/api/repositories/${id(repository)}/promotions`, promotion),
    audit: (filter = {}) => items(`/api/audit?${query(filter)}`),
    settings: (repository) => call(`/api/repositories/${id(repository)}/settings`),
    ...peopleCalls({ call, items, remove }),
    sync: () => call('/api/sync', {}),
  };
}

type People =
  | ('makeSignInLink' | 'session' | 'makeToken' | 'tokens' | 'removeToken')
  | ('accounts' | 'makeAccount' | 'setGrants' | 'makeAccountLink' | 'removeAccount');

function peopleCalls({
  call,
  items,
  remove,
}: {
  readonly call: <T>(path: string, body?: unknown) => Promise<T>;
  readonly items: <T>(path: string) => Promise<readonly T[]>;
  readonly remove: (path: string) => Promise<void>;
}): Pick<ApiClient, People> {
  const id = encodeURIComponent;
  return {
    makeSignInLink: () => call('/api/sign-in-links', {}),
    makeToken: (token) => call('/api/tokens', token),
    tokens: () => items('/api/tokens'),
    session: () => call('/api/session'),
    accounts: () => items('/api/accounts'),
    makeAccount: (account) => call('/api/accounts', account),
    setGrants: (account, grants) => call(`/api/accounts/${id(account)}/grants`, { grants }),
    makeAccountLink: (account) => call(`/api/accounts/${id(account)}/sign-in-links`, {}),
    removeAccount: (account) => remove(`/api/accounts/${id(account)}`),
    removeToken: (token) => remove(`/api/tokens/${id(token)}`),
  };
}

interface Calls {
  call<T>(path: string, body?: unknown): Promise<T>;
  items<T>(path: string): Promise<readonly T[]>;
}

function environmentCalls({ call, items }: Calls): Pick<ApiClient, 'environments' | 'askForEnvironment'> {
  return {
    environments: (filter = {}) => items(`/api/environments?${query(filter)}`),
    askForEnvironment: (change, request) => call(`/api/changes/${encodeURIComponent(change)}/environment`, request),
  };
}

function refusal(
  { status }: Response,
  { path, content }: { readonly path: string; readonly content: unknown },
): MainstayError {
  const { error } = content as Partial<ErrorResponse>;
  const message = error ?? `Cannot ask the runner as it answers ${status}: ${path}. See its log.`;
  return new MainstayError(status >= 500 ? 'transient' : 'user', message);
}

function query(filter: object): URLSearchParams {
  const set = Object.entries(filter).filter(([, value]) => value !== undefined);
  return new URLSearchParams(set.map(([name, value]): [string, string] => [name, String(value)]));
}

/** How to reach the runner of a data folder: written by the runner when it is ready, readable by its user only. */
export interface RunnerAddress {
  readonly url: string;
  readonly token: string;
  readonly pid: number;
}

/** Reads the address file's text. */
export function parseRunnerAddress(file: string, text: string): RunnerAddress {
  try {
    const { url, token, pid } = JSON.parse(text) as RunnerAddress;
    if (typeof url === 'string' && typeof token === 'string' && typeof pid === 'number') return { url, token, pid };
  } catch {
    // Said below, with the file's name.
  }
  throw userError(`Cannot find the runner as its address is unreadable: ${file}. Start the runner again.`);
}
