// What stands around every page: where one can go, who is signed in, how things stand with the server.
import { Link, Outlet, useRouter, useRouterState } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useViewer } from './live/context.tsx';
import { useStore } from './live/store.ts';
import { Brand } from './look/brand.tsx';
import { ConnectionBanner, ConnectionMark } from './parts/connection-mark.tsx';
import { ErrorBoundary } from './parts/error-boundary.tsx';
import { KeyboardHelp } from './parts/keyboard-help.tsx';
import { listenForKeys, useKeys } from './parts/keys.ts';
import { KeysRest } from './parts/keys-rest.tsx';
import { Menu } from './parts/menu.tsx';
import { chooseScheme, type Scheme, scheme, schemes, suggested } from './parts/scheme.ts';
import { StopBanner } from './parts/stop-banner.tsx';
import { useQueueState } from './queue/context.tsx';
import { leave } from './session/entry.ts';
import { texts } from './texts.ts';

/** In the order of the navigation; the second key of "g i". */
const places = [
  { to: '/inbox', key: 'i', title: texts.pages.inbox },
  { to: '/sessions', key: 's', title: texts.pages.sessions },
  { to: '/teams', key: 't', title: texts.pages.teams },
  { to: '/budgets', key: 'b', title: texts.pages.budgets },
  { to: '/emergency', key: 'x', title: texts.pages.emergency },
  { to: '/recovery', key: 'r', title: texts.pages.recovery },
  { to: '/events', key: 'e', title: texts.pages.events },
  { to: '/analytics', key: 'a', title: texts.pages.analytics },
  { to: '/supervision', key: 'v', title: texts.pages.supervision },
  { to: '/keys', key: 'k', title: texts.pages.keys },
] as const;

export function Shell() {
  const router = useRouter();
  const pathname = useRouterState({ select: ({ location }) => location.pathname });
  const waiting = useQueueState().items.length;
  const [help, setHelp] = useState(false);
  const [menu, setMenu] = useState(false);
  const main = useRef<HTMLElement>(null);
  const before = useRef(pathname);

  useEffect(() => listenForKeys(), []);
  useKeys(texts.keys.general, [
    { keys: '?', label: texts.keys.help, run: () => setHelp(true) },
    ...places.map(({ to, key, title }) => ({
      keys: `g ${key}`,
      label: texts.keys.go(title),
      run: () => void router.navigate({ to }),
    })),
  ]);
  // Whoever goes to another page by keyboard or screen reader goes on from its beginning.
  useEffect(() => {
    if (before.current === pathname) return;
    before.current = pathname;
    setMenu(false);
    main.current?.focus();
  }, [pathname]);

  return (
    <div className={menu ? 'shell shell-menu' : 'shell'}>
      <a className="skip" href="#content">
        {texts.skip}
      </a>
      <header className="bar">
        <button
          type="button"
          className="menu-button quiet"
          aria-expanded={menu}
          aria-controls="navigation"
          onClick={() => setMenu(!menu)}
        >
          {texts.menu}
        </button>
        <Link to="/inbox" className="brand">
          <Brand />
        </Link>
        <ConnectionMark />
        <Account onHelp={() => setHelp(true)} />
      </header>
      <nav id="navigation" aria-label={texts.navigation}>
        <ul>
          {places.map(({ to, title }) => (
            <li key={to}>
              <Link
                to={to}
                activeProps={{ 'aria-current': 'page' }}
                className={to === '/inbox' && pathname === '/' ? 'active' : ''}
              >
                {title}
                {to === '/inbox' && waiting > 0 && (
                  <>
                    {' '}
                    <span className="badge">{waiting.toLocaleString('en')}</span>
                  </>
                )}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <main id="content" ref={main} tabIndex={-1}>
        <ConnectionBanner />
        <KeysRest />
        <StopBanner />
        <ErrorBoundary key={pathname}>
          <Outlet />
        </ErrorBoundary>
      </main>
      {help && <KeyboardHelp onClose={() => setHelp(false)} />}
    </div>
  );
}

function Account({ onHelp }: { onHelp: () => void }) {
  const viewer = useViewer();
  const chosen = useStore(scheme);
  const theirs = useStore(suggested);
  const [failed, setFailed] = useState(false);
  return (
    <Menu className="account" title={viewer.name}>
      <div className="account-panel">
        <p>
          {texts.account.signedInAs} <strong>{viewer.name}</strong>
          <br />
          <span className="faint">
            {texts.account.role(viewer.roles.at(-1) ?? '')}
            {viewer.projectId === null && ` · ${texts.account.everyProject}`}
          </span>
        </p>
        <label>
          {texts.scheme.label}{' '}
          <select value={chosen} onChange={({ target }) => chooseScheme(target.value as Scheme)}>
            {schemes.map((one) => (
              <option key={one} value={one}>
                {one === 'auto' && theirs !== 'auto'
                  ? texts.scheme.configured(texts.scheme[theirs])
                  : texts.scheme[one]}
              </option>
            ))}
          </select>
        </label>
        <button type="button" onClick={onHelp}>
          {texts.keys.title}
        </button>
        <button type="button" onClick={() => void leave().then((done) => setFailed(!done))}>
          {texts.account.signOut}
        </button>
        {failed && <p role="alert">{texts.account.signOutFailed}</p>}
      </div>
    </Menu>
  );
}
