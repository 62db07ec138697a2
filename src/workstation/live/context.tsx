import { createContext, type ReactNode, use, useMemo } from 'react';
import { Provider } from 'urql';
import type { SignedIn } from '../session/session.ts';
import type { Live } from './live.ts';

const LiveContext = createContext<Live | null>(null);
const ViewerContext = createContext<Viewer | null>(null);

export interface Viewer {
  id: string;
  name: string;
  kind: string;
  roles: readonly string[];
  /** null: every project. */
  projectId: string | null;
  /** Roles include those before them (behaviour 2.3); the server decides all the same. */
  has(role: string): boolean;
}

export function SignedInScope({
  session,
  live,
  children,
}: {
  session: SignedIn;
  live: Live;
  children: ReactNode;
}) {
  const { viewer: told } = session;
  const viewer = useMemo<Viewer>(() => ({ ...told, has: (role) => told.roles.includes(role) }), [told]);
  return (
    <LiveContext value={live}>
      <ViewerContext value={viewer}>
        <Provider value={live.client}>{children}</Provider>
      </ViewerContext>
    </LiveContext>
  );
}

export function useLiveScope(): Live {
  const live = use(LiveContext);
  if (live === null) throw new Error('nobody is signed in');
  return live;
}

/** Who is looking. */
export function useViewer(): Viewer {
  const viewer = use(ViewerContext);
  if (viewer === null) throw new Error('nobody is signed in');
  return viewer;
}
