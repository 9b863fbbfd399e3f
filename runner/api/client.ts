import { MainstayError, messageOf, userError } from '../../foundation/errors.ts';
import type {
  ChangeResponse,
  DecisionRequest,
  ErrorResponse,
  RolloutResponse,
  RunDetailResponse,
  RunResponse,
  StatusResponse,
} from './responses.ts';

/** The runner's HTTP API, typed. Rejects with a transient error while the runner cannot be reached, with a user error where it refuses. */
export interface ApiClient {
  status(): Promise<StatusResponse>;
  runs(filter?: {
    readonly stack?: string;
    readonly kind?: string;
    readonly rollout?: string;
    readonly limit?: number;
  }): Promise<readonly RunResponse[]>;
  run(id: string): Promise<RunDetailResponse>;
  changes(): Promise<readonly ChangeResponse[]>;
  change(id: string): Promise<ChangeResponse>;
  rollouts(): Promise<readonly RolloutResponse[]>;
  decideRun(id: string, decision: DecisionRequest): Promise<void>;
  decideRollout(id: string, decision: DecisionRequest): Promise<void>;
  /** Makes the runner look at its repositories now. */
  sync(): Promise<void>;
}

export function createApiClient(options: { readonly url: string; readonly token: string | undefined }): ApiClient {
  async function call<T>(path: string, body?: unknown): Promise<T> {
    const response = await send(path, body);
    const content: unknown = await response.json().catch(() => ({}));
    if (response.ok) return content as T;
    const { error } = content as Partial<ErrorResponse>;
    const message = error ?? `Cannot ask the runner as it answers ${response.status}: ${path}. See its log.`;
    throw new MainstayError(response.status >= 500 ? 'transient' : 'user', message);
  }
  async function send(path: string, body: unknown): Promise<Response> {
    const authorization = options.token ? { authorization: `Bearer ${options.token}` } : {};
    const posting = {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...authorization },
    };
    try {
      return await fetch(new URL(path, options.url), body === undefined ? {} : posting);
    } catch (error) {
      const why = error instanceof Error && error.cause ? messageOf(error.cause) : messageOf(error);
      throw new MainstayError(
        'transient',
        `Cannot reach the runner as the connection failed: ${why || options.url}. Start it with \`npm start\` or \`mainstay serve\`.`,
      );
    }
  }
  const id = (text: string) => text.split('/').map(encodeURIComponent).join('/');
  return {
    status: () => call('/api/status'),
    runs: (filter = {}) => call(`/api/runs?${new URLSearchParams(texts(filter))}`),
    run: (run) => call(`/api/runs/${id(run)}`),
    changes: () => call('/api/changes'),
    change: (change) => call(`/api/changes/${id(change)}`),
    rollouts: () => call('/api/rollouts'),
    decideRun: (run, decision) => call(`/api/runs/${id(run)}/decision`, decision),
    decideRollout: (rollout, decision) => call(`/api/rollouts/${id(rollout)}/decision`, decision),
    sync: () => call('/api/sync', {}),
  };
}

function texts(filter: object): Record<string, string> {
  const set = Object.entries(filter).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set.map(([name, value]) => [name, String(value)]));
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
