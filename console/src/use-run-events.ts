import { useEffect, useState } from 'react';
import type { RunEventResponse } from '../../runner/api/responses.ts';
import { part, setConnected } from './api.ts';

export interface RunEvents {
  readonly events: readonly RunEventResponse[];
  readonly live: boolean;
}

const NONE: RunEvents = { events: [], live: false };

/** The events of a run as they come. The browser makes a lost connection again, and says which event it saw last. */
export function useRunEvents(run: string, attempt: number): RunEvents {
  const [state, setState] = useState<RunEvents>(NONE);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt of the same run has events again
  useEffect(() => {
    setState(NONE);
    let waiting: RunEventResponse[] = [];
    let frame = 0;
    const show = () => {
      frame = 0;
      const added = waiting;
      waiting = [];
      setState((before) => ({ ...before, events: [...before.events, ...added] }));
    };
    const source = new EventSource(`/api/runs/${part(run)}/events`);
    source.onopen = () => {
      setConnected(true);
      setState((before) => ({ ...before, live: true }));
    };
    source.onerror = () => setState((before) => ({ ...before, live: false }));
    source.onmessage = ({ data }: MessageEvent<string>) => {
      waiting.push(JSON.parse(data) as RunEventResponse);
      frame ||= window.setTimeout(show, 50);
    };
    source.addEventListener('end', () => {
      source.close();
      setState((before) => ({ ...before, live: false }));
    });
    return () => {
      window.clearTimeout(frame);
      source.close();
    };
  }, [run, attempt]);
  return state;
}
