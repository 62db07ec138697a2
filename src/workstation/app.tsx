// Signed in or not: what is drawn follows from it.
import { RouterProvider } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { SignedInScope } from './live/context.tsx';
import { useStore } from './live/store.ts';
import { QueueScope } from './queue/context.tsx';
import { router } from './router.tsx';
import { begin, beginWithLink, enter, entry, linkNotTaken } from './session/entry.ts';
import { SignInPage } from './session/sign-in-page.tsx';
import { texts } from './texts.ts';

/** `link`: the one-time token that this page was opened with. */
export function App({ link }: { link: string | null }) {
  const state = useStore(entry);
  // It signs in whoever opened it, whoever was in, and is good for once: signing out must not sign in by it.
  const [unused, setUnused] = useState(link);
  useEffect(() => {
    if (link === null) void begin();
    else beginWithLink();
  }, [link]);
  useEffect(() => {
    if (state.kind === 'signed-in') setUnused(null);
    if (state.kind === 'signed-in' && window.location.pathname.startsWith('/sign-in'))
      void router.navigate({ to: '/', replace: true });
  }, [state]);

  switch (state.kind) {
    case 'loading':
      return (
        <p className="boot" role="status">
          {state.unreachable ? texts.signIn.unreachable : texts.loading}
        </p>
      );
    case 'signed-out':
      return (
        <SignInPage
          oidc={state.oidc}
          ended={state.ended}
          here={state.here}
          link={unused}
          onLinkNotTaken={() => void linkNotTaken()}
          onSignedIn={enter}
        />
      );
    case 'signed-in':
      return (
        <SignedInScope session={state.session} live={state.live}>
          <QueueScope>
            <RouterProvider router={router} />
          </QueueScope>
        </SignedInScope>
      );
  }
}
