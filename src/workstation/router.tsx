// Every address of the app, and the page at it. Pages are loaded when they are first gone to; what an address may carry
// behind "?" is in the page's search.ts, which is read with this file.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type AnyRoute,
} from '@tanstack/react-router';
import { Broken } from './parts/error-boundary.tsx';
import { MissingPage } from './parts/missing-page.tsx';
import { analyticsSearch } from './pages/analytics/search.ts';
import { eventsSearch } from './pages/events/search.ts';
import { inboxSearch } from './pages/inbox/search.ts';
import { sessionsSearch } from './pages/sessions/search.ts';
import { parseSearch, writeSearch } from './search.ts';
import { Shell } from './shell.tsx';

const root = createRootRoute({ component: Shell, notFoundComponent: MissingPage });

const at = <Path extends string>(path: Path, page: () => Promise<{ default: () => React.ReactNode }>) =>
  createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(page) });

const inboxPage = () => import('./pages/inbox/page.tsx');
const inbox = createRoute({
  getParentRoute: () => root,
  path: '/inbox',
  validateSearch: inboxSearch,
  component: lazyRouteComponent(inboxPage),
});
const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  validateSearch: inboxSearch,
  component: lazyRouteComponent(inboxPage),
});

const events = createRoute({
  getParentRoute: () => root,
  path: '/events',
  validateSearch: eventsSearch,
  component: lazyRouteComponent(() => import('./pages/events/page.tsx')),
});

const sessions = createRoute({
  getParentRoute: () => root,
  path: '/sessions',
  validateSearch: sessionsSearch,
  component: lazyRouteComponent(() => import('./pages/sessions/page.tsx')),
});

const analytics = createRoute({
  getParentRoute: () => root,
  path: '/analytics',
  validateSearch: analyticsSearch,
  component: lazyRouteComponent(() => import('./pages/analytics/page.tsx')),
});

const routes = [
  home,
  inbox,
  at('/interventions/$id', () => import('./pages/intervention/page.tsx')),
  at('/approvals/$id', () => import('./pages/approval/page.tsx')),
  at('/projects/$id', () => import('./pages/project/page.tsx')),
  sessions,
  at('/sessions/$id', () => import('./pages/session/page.tsx')),
  at('/teams', () => import('./pages/teams/page.tsx')),
  at('/teams/$id', () => import('./pages/team/page.tsx')),
  at('/budgets', () => import('./pages/budgets/page.tsx')),
  at('/budgets/$id', () => import('./pages/budget/page.tsx')),
  at('/emergency', () => import('./pages/emergency/page.tsx')),
  at('/emergency/$id', () => import('./pages/emergency/page.tsx')),
  at('/recovery', () => import('./pages/recovery/page.tsx')),
  at('/recovery/$id', () => import('./pages/recovery/page.tsx')),
  events,
  analytics,
  at('/supervision', () => import('./pages/supervision/page.tsx')),
  at('/supervision/$id', () => import('./pages/supervision/page.tsx')),
  at('/keys', () => import('./pages/keys/page.tsx')),
] satisfies AnyRoute[];

export const router = createRouter({
  routeTree: root.addChildren(routes),
  parseSearch,
  stringifySearch: writeSearch,
  defaultErrorComponent: ({ error }) => <Broken error={error as Error} />,
  defaultPreload: 'intent',
  scrollRestoration: false,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
