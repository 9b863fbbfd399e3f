import { lazy, Suspense, useEffect, useState } from 'react';
import { Link, Route, Switch, useLocation } from 'wouter';
import type { SessionResponse } from '../../runner/api/responses.ts';
import { call, Refused, rememberSession, Session, setConnected, setSignedOut, useConnection } from './api.ts';
import { EstatePage } from './estate-page.tsx';
import { Page, Pending } from './parts.tsx';
import { SignInPage, takeReturn } from './sign-in-page.tsx';

const ChangePage = lazy(() => import('./change-page.tsx').then(({ ChangePage: page }) => ({ default: page })));
const RunPage = lazy(() => import('./run-page.tsx').then(({ RunPage: page }) => ({ default: page })));
const WorkPages = lazy(() => import('./work-pages.tsx').then(({ WorkPages: page }) => ({ default: page })));
const RolloutPage = lazy(() => import('./rollout-page.tsx').then(({ RolloutPage: page }) => ({ default: page })));
const PromotionsPage = lazy(() =>
  import('./promotions-page.tsx').then(({ PromotionsPage: page }) => ({ default: page })),
);
const StackPage = lazy(() => import('./stack-page.tsx').then(({ StackPage: page }) => ({ default: page })));
const DriftPage = lazy(() => import('./drift-page.tsx').then(({ DriftPage: page }) => ({ default: page })));
const SettingsPage = lazy(() => import('./settings-page.tsx').then(({ SettingsPage: page }) => ({ default: page })));
const AccountPage = lazy(() => import('./account-page.tsx').then(({ AccountPage: page }) => ({ default: page })));

const PLACES: readonly (readonly [path: string, name: string])[] = [
  ['/', 'Estate'],
  ['/changes', 'Changes'],
  ['/rollouts', 'Rollouts'],
  ['/promotions', 'Promotions'],
  ['/runs', 'Runs'],
  ['/drift', 'Drift'],
  ['/audit', 'Audit'],
  ['/settings', 'Settings'],
];

export function App() {
  const [session, setSession] = useState<SessionResponse>();
  const { signedOut } = useConnection();
  const [location, go] = useLocation();
  useEffect(() => {
    if (location === '/sign-in' || session) return;
    void openSession((opened) => {
      setSession(opened);
      // One comes back from the provider of identities to the first page.
      const wanted = takeReturn();
      if (location === '/' && wanted !== undefined) go(wanted);
    });
  }, [location, session, go]);
  if (location === '/sign-in' || signedOut) return <SignInPage onSession={setSession} />;
  if (!session) return <Pending error={undefined} />;
  return (
    <Session value={session}>
      <Shell session={session} />
    </Session>
  );
}

/** Asks who we are until there is an answer. */
async function openSession(done: (session: SessionResponse) => void): Promise<void> {
  try {
    const session = await call<SessionResponse>('/api/session');
    rememberSession(session);
    setSignedOut(false);
    done(session);
  } catch (error) {
    if (error instanceof Refused && error.kind === 'unauthorized') return;
    setConnected(false);
    window.setTimeout(() => void openSession(done), 1000);
  }
}

function Shell({ session }: { readonly session: SessionResponse }) {
  const [location] = useLocation();
  const { connected } = useConnection();
  // On a phone the row of pages is longer than the screen.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another place is the reason
  useEffect(() => {
    document.querySelector('.top [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [location]);
  return (
    <>
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <header className="top">
        <Link href="/" className="brand">
          Mainstay
        </Link>
        <nav aria-label="Pages">
          {PLACES.map(([path, name]) => (
            <Link key={path} href={path} aria-current={isIn(location, path) ? 'page' : undefined}>
              {name}
            </Link>
          ))}
        </nav>
        <Link href="/account" className="who" aria-current={location === '/account' ? 'page' : undefined}>
          {session.account.name}
        </Link>
      </header>
      <div className="connection" role="status">
        {connected ? '' : 'The connection is lost. What you see may be old; trying again…'}
      </div>
      <main id="main">
        <Suspense fallback={<Pending error={undefined} />}>
          <Pages session={session} />
        </Suspense>
      </main>
    </>
  );
}

function isIn(location: string, path: string): boolean {
  if (path === '/') return location === '/' || location.startsWith('/stacks/');
  return location === path || location.startsWith(`${path}/`);
}

function Pages({ session }: { readonly session: SessionResponse }) {
  return (
    <Switch>
      <Route path="/" component={EstatePage} />
      <Route path="/stacks/:repository/*">
        {(found) => {
          const { repository, '*': stack } = found as { repository: string; '*': string };
          return <StackPage key={stack} repository={repository} stack={stack} />;
        }}
      </Route>
      <Route path="/changes/*">{(found) => <ChangePage id={(found as { '*': string })['*']} />}</Route>
      <Route path="/rollouts/*">
        {(found) => <RolloutPage id={decodeURIComponent((found as { '*': string })['*'])} />}
      </Route>
      <Route path="/runs/:id">{({ id }) => <RunPage key={id} id={decodeURIComponent(id)} />}</Route>
      <Route path="/changes">
        <WorkPages kind="changes" />
      </Route>
      <Route path="/rollouts">
        <WorkPages kind="rollouts" />
      </Route>
      <Route path="/runs">
        <WorkPages kind="runs" />
      </Route>
      <Route path="/audit">
        <WorkPages kind="audit" />
      </Route>
      <Route path="/promotions" component={PromotionsPage} />
      <Route path="/drift" component={DriftPage} />
      <Route path="/settings" component={SettingsPage} />
      <Route path="/account">
        <AccountPage session={session} />
      </Route>
      <Route>
        <Page title="Not here">
          <p>
            There is no such page. <Link href="/">Go to the estate.</Link>
          </p>
        </Page>
      </Route>
    </Switch>
  );
}
