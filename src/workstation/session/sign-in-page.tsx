import { type FormEvent, useEffect, useEffectEvent, useId, useRef, useState } from 'react';
import { texts } from '../texts.ts';
import { type SignedIn, type SignInOutcome, signIn } from './session.ts';

/** The one-time token that the address brought, taken out of it at once: it stays in no history. */
export function takeLink(): string | null {
  const { hash, pathname, search } = window.location;
  if (!pathname.startsWith('/sign-in') || hash.length < 2) return null;
  window.history.replaceState(null, '', pathname + search);
  try {
    return decodeURIComponent(hash.slice(1));
  } catch {
    return null;
  }
}

/** Where to go on once signed in: a path of this app, never another origin. */
export const signInWithOidc = (path: string): string => `/sign-in/oidc?to=${encodeURIComponent(path)}`;

export function SignInPage({
  oidc,
  ended,
  here,
  link,
  onLinkNotTaken,
  onSignedIn,
}: {
  oidc: boolean;
  /** Whoever is here was signed in a moment ago. */
  ended: boolean;
  /** Whom this browser is signed in as, although the page was opened with a link; null: nobody, or it is not known yet. */
  here: SignedIn | null;
  link: string | null;
  onLinkNotTaken: () => void;
  onSignedIn: (session: SignedIn) => void;
}) {
  const [key, setKey] = useState('');
  const [busy, setBusy] = useState(link !== null);
  const [fault, setFault] = useState<string | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const [field, hint, wrong] = [useId(), useId(), useId()];

  const take = (outcome: SignInOutcome, byLink: boolean) => {
    setBusy(false);
    if (outcome.kind === 'signed-in') return onSignedIn(outcome.session);
    setFault(wordsFor(outcome, byLink));
    if (byLink) onLinkNotTaken();
    input.current?.focus();
  };
  const useLink = useEffectEvent((token: string) => {
    void signIn({ link: token }).then((outcome) => take(outcome, true));
  });
  useEffect(() => {
    document.title = texts.title(texts.pages.signIn);
    if (link !== null) useLink(link);
  }, [link]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const apiKey = key.trim();
    if (apiKey === '') {
      setFault(texts.signIn.empty);
      input.current?.focus();
      return;
    }
    setBusy(true);
    setFault(null);
    void signIn({ apiKey }).then((outcome) => take(outcome, false));
  };

  return (
    <main className="sign-in">
      <h1>{texts.product}</h1>
      <p className="lead">{texts.signIn.lead}</p>
      {ended && fault === null && <p className="notice">{texts.signIn.ended}</p>}
      {busy && link !== null ? (
        <p role="status">{texts.signIn.link}</p>
      ) : (
        <>
          <form onSubmit={submit} noValidate>
            <label htmlFor={field}>{texts.signIn.apiKey}</label>
            <input
              id={field}
              ref={input}
              type="password"
              name="api-key"
              autoComplete="current-password"
              spellCheck={false}
              value={key}
              onChange={({ target }) => setKey(target.value)}
              aria-invalid={fault !== null}
              aria-describedby={fault === null ? hint : `${wrong} ${hint}`}
            />
            <p id={hint} className="faint">
              {texts.signIn.apiKeyHint}
            </p>
            {fault !== null && (
              <p id={wrong} className="notice notice-bad" role="alert">
                {fault}
              </p>
            )}
            <button type="submit" className="primary" disabled={busy}>
              {busy ? texts.signIn.busy : texts.signIn.submit}
            </button>
          </form>
          {here !== null && (
            <p>
              <button type="button" onClick={() => onSignedIn(here)}>
                {texts.signIn.goOn(here.viewer.name)}
              </button>
            </p>
          )}
          {oidc && (
            <p>
              <a className="button" href={signInWithOidc(pathToGoTo())}>
                {texts.signIn.oidc}
              </a>
            </p>
          )}
          <p className="faint">{texts.signIn.linkHint}</p>
        </>
      )}
    </main>
  );
}

const pathToGoTo = (): string => {
  const { pathname, search } = window.location;
  return pathname.startsWith('/sign-in') ? '/' : pathname + search;
};

function wordsFor(outcome: Exclude<SignInOutcome, { kind: 'signed-in' }>, byLink: boolean): string {
  switch (outcome.kind) {
    case 'refused':
      if (byLink) return texts.signIn.linkRefused;
      return outcome.message === '' ? texts.signIn.refused : outcome.message;
    case 'too-often':
      return texts.signIn.tooOften(outcome.seconds);
    case 'unreachable':
      return texts.faults.unreachable;
  }
}
