import { useEffect, useRef, useState } from 'react';
import type { RunEventResponse } from '../../runner/api/responses.ts';
import { seconds, typeName } from './format.ts';
import { Badge, Empty, Sandbox } from './parts.tsx';
import type { RunEvents } from './use-run-events.ts';

/** The latest lines are drawn; a button shows the rest. */
const SHOWN = 1000;

/** What happens, line by line. It follows the end until somebody scrolls up. */
export function RunLog({ live }: { readonly live: RunEvents }) {
  const [all, setAll] = useState(false);
  const [follow, setFollow] = useState(true);
  const end = useRef<HTMLOListElement>(null);
  const shown = all ? live.events : live.events.slice(-SHOWN);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each line is a reason to go to the end
  useEffect(() => {
    if (follow && end.current) end.current.scrollTop = end.current.scrollHeight;
  }, [live.events.length, follow]);
  const scrolled = () => {
    const list = end.current;
    if (list) setFollow(list.scrollHeight - list.scrollTop - list.clientHeight < 40);
  };
  return (
    <>
      <div className="toolbar">
        <Badge state={live.live ? 'running' : 'none'} text={live.live ? 'live' : 'complete'} />
        <label>
          <input type="checkbox" checked={follow} onChange={({ target }) => setFollow(target.checked)} /> follow
        </label>
        {shown.length < live.events.length && (
          <button type="button" onClick={() => setAll(true)}>
            show all {live.events.length} lines
          </button>
        )}
      </div>
      {shown.length === 0 && <Empty>Nothing was said yet.</Empty>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
      <ol className="log" ref={end} onScroll={scrolled} tabIndex={0} aria-label="Log">
        {shown.map((line) => (
          <Line key={line.number} line={line} />
        ))}
      </ol>
    </>
  );
}

function Line({ line: { number, at, event } }: { readonly line: RunEventResponse }) {
  return (
    <li className={event.kind === 'log' ? event.severity : event.kind}>
      <a className="number" href={`#line-${number}`} id={`line-${number}`} tabIndex={-1}>
        {number}
      </a>
      <time dateTime={at}>{at.slice(11, 23)}</time>
      <span className="text">
        {textOf(event)} <Sandbox sandbox={event.sandbox ?? false} />
      </span>
    </li>
  );
}

function textOf(event: RunEventResponse['event']): string {
  if (event.kind === 'state') return `${event.state}${event.summary ? `: ${event.summary}` : ''}`;
  if (event.kind === 'step') return `step ${event.name}: ${event.state}${event.detail ? `, ${event.detail}` : ''}`;
  if (event.kind === 'log') return event.text.trimEnd();
  const name = event.urn.slice(event.urn.lastIndexOf('::') + 2);
  const took = event.milliseconds === undefined ? '' : ` in ${seconds(event.milliseconds)}`;
  const doing = event.state === 'started' ? `${event.operation}…` : `${event.operation} ${event.state}${took}`;
  return `${typeName(event.type)} ${name}: ${doing}`;
}
