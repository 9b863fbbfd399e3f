import { setTimeout as delay } from 'node:timers/promises';
import { isMainstayError, MainstayError } from '../../foundation/errors.ts';
import type { RunEventResponse } from './responses.ts';

const TRY_AGAIN_FOR_MS = 60_000;

/**
 * Reads the events of a run to their end. `open` asks for those after a number; where the connection is lost it is asked again, until nothing
 * has come for a minute. Format: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export async function* readServerEvents(
  open: (after: number) => Promise<Response>,
  after: number,
): AsyncGenerator<RunEventResponse> {
  let last = after;
  let lostSince: number | undefined;
  for (;;) {
    try {
      const response = await open(last);
      for await (const { event, data } of messagesOf(response)) {
        lostSince = undefined;
        if (event === 'end') return;
        const next = JSON.parse(data) as RunEventResponse;
        last = next.number;
        yield next;
      }
    } catch (error) {
      if (error instanceof Error && error.name === 'AbortError') return;
      if (isMainstayError(error) && error.kind !== 'transient') throw error;
    }
    lostSince ??= performance.now();
    if (performance.now() - lostSince > TRY_AGAIN_FOR_MS)
      throw new MainstayError(
        'transient',
        'Cannot follow the run as the runner cannot be reached any more. Start it with `npm start` or `mainstay serve`.',
      );
    await delay(250);
  }
}

interface Message {
  readonly event: string;
  readonly data: string;
}

async function* messagesOf(response: Response): AsyncGenerator<Message> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    rest += decoder.decode(chunk as Uint8Array, { stream: true });
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop()!;
    for (const block of blocks) {
      const message = parseBlock(block);
      if (message) yield message;
    }
  }
}

function parseBlock(block: string): Message | undefined {
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    const [, field, value = ''] = /^(\w*): ?(.*)$/.exec(line) ?? [];
    if (field === 'event') event = value;
    if (field === 'data') data.push(value);
  }
  return data.length === 0 ? undefined : { event, data: data.join('\n') };
}
