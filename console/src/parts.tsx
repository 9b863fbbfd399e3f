import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { Link } from 'wouter';
import { ago, shortCommit } from './format.ts';

/** Words that many pages use, each with its colour and sign: colour alone says nothing. */
const TONES: Readonly<Record<string, string>> = {
  aligned: 'good',
  succeeded: 'good',
  merged: 'good',
  none: 'good',
  healthy: 'good',
  ready: 'good',
  making: 'busy',
  removing: 'busy',
  stuck: 'bad',
  running: 'busy',
  queued: 'quiet',
  open: 'busy',
  waiting: 'wait',
  behind: 'wait',
  drifted: 'wait',
  flapping: 'bad',
  failed: 'bad',
  unhealthy: 'bad',
};

const SIGNS: Readonly<Record<string, string>> = { good: '✓', busy: '●', wait: '◐', bad: '✕', quiet: '○' };

export function toneOf(state: string): string {
  return TONES[state] ?? 'quiet';
}

export function Badge({ state, text }: { readonly state: string; readonly text?: string }) {
  const tone = toneOf(state);
  return (
    <span className={`badge ${tone}`}>
      <span aria-hidden="true">{SIGNS[tone]}</span> {text ?? state}
    </span>
  );
}

/** Wherever a result is not of a real cloud. */
export function Sandbox({ sandbox }: { readonly sandbox: boolean }) {
  return sandbox ? <span className="badge sandbox">sandbox</span> : null;
}

export function Commit({ commit }: { readonly commit: string | undefined }) {
  return commit === undefined ? null : (
    <code className="commit" title={commit}>
      {shortCommit(commit)}
    </code>
  );
}

export function When({ time }: { readonly time: string | undefined }) {
  if (time === undefined) return null;
  return (
    <time dateTime={time} title={new Date(time).toLocaleString()}>
      {ago(time)}
    </time>
  );
}

/** Every page: its title, what it is about, and what can be done. Takes the focus when it is opened, so that a screen reader says it. */
export function Page(props: {
  readonly title: string;
  readonly about?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${props.title} · Mainstay`;
  }, [props.title]);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <>
      <div className="page-head">
        <h1 ref={heading} tabIndex={-1}>
          {props.title}
        </h1>
        {props.actions && <div className="actions">{props.actions}</div>}
      </div>
      {props.about && <div className="about">{props.about}</div>}
      {props.children}
    </>
  );
}

/** What stands in the place of a whole page that is loaded, or could not be: it has a title in any case. */
export function PendingPage({ error }: { readonly error: Error | undefined }) {
  if (!error) return <Pending error={undefined} />;
  return (
    <Page title="Not here">
      <Pending error={error} />
      <p>
        <Link href="/">Go to the estate.</Link>
      </p>
    </Page>
  );
}

/** What stands where something is loaded, or could not be. */
export function Pending({ error }: { readonly error: Error | undefined }) {
  if (error) return <p className="problem">{error.message}</p>;
  return (
    <p className="pending" role="status">
      Loading…
    </p>
  );
}

export function Empty({ children }: { readonly children: ReactNode }) {
  return <p className="empty">{children}</p>;
}

/** Tabs as the ARIA practices have them: arrows move, one is in the tab order. */
export function Tabs({
  tabs,
}: {
  readonly tabs: readonly { readonly name: string; readonly count?: number; readonly content: () => ReactNode }[];
}) {
  const [open, setOpen] = useState(0);
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const next = (open + step + tabs.length) % tabs.length;
    setOpen(next);
    (list.current?.children[next] as HTMLElement | undefined)?.focus();
  };
  const shown = Math.min(open, tabs.length - 1);
  return (
    <>
      <div className="tabs" role="tablist" ref={list} onKeyDown={move}>
        {tabs.map(({ name, count }, index) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`${id}-${index}`}
            aria-selected={index === shown}
            aria-controls={`${id}-panel`}
            tabIndex={index === shown ? 0 : -1}
            onClick={() => setOpen(index)}
          >
            {name}
            {count !== undefined && count > 0 && <span className="count">{count}</span>}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${shown}`}>
        {tabs[shown]?.content()}
      </div>
    </>
  );
}

/**
 * A button that does something once: it waits for the answer, and says what was refused, or the text that `act` resolves to. It keeps the focus
 * meanwhile, so that the keyboard stays where it was.
 */
export function Act(props: {
  readonly name: string;
  readonly danger?: boolean;
  readonly main?: boolean;
  /** Why it cannot be done yet. */
  readonly missing?: string | undefined;
  readonly act: () => Promise<unknown>;
}) {
  const [state, setState] = useState<{ readonly busy: boolean; readonly problem?: string; readonly done?: string }>({
    busy: false,
  });
  const act = async () => {
    if (state.busy) return;
    if (props.missing !== undefined) return setState({ busy: false, problem: props.missing });
    setState({ busy: true });
    try {
      const done = await props.act();
      setState({ busy: false, ...(typeof done === 'string' && { done }) });
    } catch (error) {
      setState({ busy: false, problem: (error as Error).message });
    }
  };
  return (
    <>
      <button
        type="button"
        className={props.danger ? 'danger' : props.main ? 'main' : ''}
        aria-disabled={state.busy}
        aria-busy={state.busy}
        onClick={() => void act()}
      >
        {props.name}
      </button>
      {state.problem && (
        <span className="refused" role="alert">
          {state.problem}
        </span>
      )}
      {state.done && (
        <span className="done" role="status">
          {state.done}
        </span>
      )}
    </>
  );
}

export function RunLink({ id, children }: { readonly id: string; readonly children: ReactNode }) {
  return <Link href={`/runs/${encodeURIComponent(id)}`}>{children}</Link>;
}

export function StackLink({ repository, stack }: { readonly repository: string; readonly stack: string }) {
  return <Link href={`/stacks/${encodeURIComponent(repository)}/${stack}`}>{stack}</Link>;
}

const ROLE_OF = { operate: 'operator', approve: 'approver', own: 'owner' } as const;

/** Buttons for whoever may use them; for others one line that says who may. */
export function Allowed(props: {
  /** What the API says that one may do with what is shown. */
  readonly may: readonly string[];
  readonly power: keyof typeof ROLE_OF;
  /** What the buttons do, as in `cancel or retry`. */
  readonly what: string;
  readonly children: ReactNode;
}) {
  if (props.may.includes(props.power)) return <>{props.children}</>;
  return (
    <span className="hint">
      Only an {ROLE_OF[props.power]} may {props.what}.
    </span>
  );
}
