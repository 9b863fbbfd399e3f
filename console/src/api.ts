import { createContext, useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { ErrorResponse, SessionResponse } from '../../runner/api/responses.ts';

/** A refusal of the API, with its words. */
export class Refused extends Error {
  readonly kind: ErrorResponse['kind'];
  constructor(kind: ErrorResponse['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Who looks at this page; undefined before that is known. */
export const Session = createContext<SessionResponse | undefined>(undefined);

let csrf = '';

export function rememberSession(session: SessionResponse): void {
  csrf = session.csrf ?? '';
}

/** One call. Throws `Refused` where the API refuses, and whatever fetch throws where it cannot be reached. */
export async function call<T>(
  path: string,
  options: { readonly method?: string; readonly body?: unknown } = {},
): Promise<T> {
  const changing = options.method !== undefined && options.method !== 'GET';
  const response = await fetch(path, {
    method: options.method ?? 'GET',
    headers: changing ? { 'content-type': 'application/json', 'x-mainstay-csrf': csrf } : {},
    ...(changing && { body: JSON.stringify(options.body ?? {}) }),
  });
  setConnected(response.status !== 503 || response.headers.get('content-type')?.includes('json') === true);
  const content = (await response.json()) as T & ErrorResponse;
  if (response.ok) return content;
  if (response.status === 401) setSignedOut();
  throw new Refused(content.kind, content.error);
}

export function post<T>(path: string, body?: unknown): Promise<T> {
  return call<T>(path, { method: 'POST', body });
}

export const part = encodeURIComponent;

/** Whether the runner answers, and whether it knows us: the shell shows both. */
interface Connection {
  readonly connected: boolean;
  readonly signedOut: boolean;
}
let connection: Connection = { connected: true, signedOut: false };
const listeners = new Set<() => void>();

function change(next: Partial<Connection>): void {
  const changed = { ...connection, ...next };
  if (changed.connected === connection.connected && changed.signedOut === connection.signedOut) return;
  connection = changed;
  for (const listener of listeners) listener();
}

export function setConnected(connected: boolean): void {
  change({ connected });
}

export function setSignedOut(signedOut = true): void {
  change({ signedOut });
}

export function useConnection(): Connection {
  const subscribe = useCallback((listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, []);
  return useSyncExternalStore(subscribe, () => connection);
}

export interface Loaded<T> {
  readonly data: T | undefined;
  readonly error: Error | undefined;
  /** Asks again, now. */
  reload(): void;
}

/**
 * What the API answers at `path`, asked again every `every` milliseconds while the page is looked at. While the connection is lost the last answer
 * stays, and it is asked for every second.
 */
export function useApi<T>(path: string | undefined, every?: number): Loaded<T> {
  const [state, setState] = useState<{ readonly path?: string; readonly data?: T; readonly error?: Error }>({});
  const [round, setRound] = useState(0);
  const timer = useRef<number>(undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` is how one asks again
  useEffect(() => {
    if (path === undefined) return;
    let over = false;
    const again = (after: number | undefined) => {
      if (!over && after !== undefined) timer.current = window.setTimeout(look, after);
    };
    const look = async () => {
      if (document.hidden) return again(every ?? 1000);
      try {
        const data = await call<T>(path);
        if (over) return;
        setState((before) =>
          JSON.stringify(before.data) === JSON.stringify(data) && before.path === path && !before.error
            ? before
            : { path, data },
        );
        again(every);
      } catch (error) {
        if (over) return;
        if (!(error instanceof Refused)) setConnected(false);
        setState((before) => ({ ...(before.path === path ? before : {}), path, error: error as Error }));
        again(error instanceof Refused && error.kind !== 'transient' ? every : 1000);
      }
    };
    void look();
    return () => {
      over = true;
      window.clearTimeout(timer.current);
    };
  }, [path, every, round]);
  const mine = state.path === path;
  return {
    data: mine ? state.data : undefined,
    error: mine ? state.error : undefined,
    reload: useCallback(() => setRound((number) => number + 1), []),
  };
}
