// Who is signed in: what GET, POST and DELETE /session say. The credential itself is in an HttpOnly cookie that no script
// can read; what scripts hold is the token against forged requests.
import { learnServerTime } from '../live/clock.ts';

export interface SignedIn {
  viewer: {
    id: string;
    name: string;
    kind: string;
    roles: string[];
    /** null: every project. */
    projectId: string | null;
  };
  csrfToken: string;
  expiresAt: string;
}

export type SessionState =
  | { kind: 'signed-in'; session: SignedIn }
  | { kind: 'signed-out'; oidc: boolean }
  | { kind: 'unreachable' };

export type SignInOutcome =
  | { kind: 'signed-in'; session: SignedIn }
  /** The server's own words. */
  | { kind: 'refused'; message: string }
  | { kind: 'too-often'; seconds: number | null }
  | { kind: 'unreachable' };

const SESSION = '/session';
const JSON_HEADERS = { accept: 'application/json', 'content-type': 'application/json' };

export async function readSession(): Promise<SessionState> {
  const answer = await ask('GET');
  if (answer === null) return { kind: 'unreachable' };
  if (answer.status === 200) return { kind: 'signed-in', session: answer.body as SignedIn };
  if (answer.status === 401) {
    const { signIn } = (answer.body ?? {}) as { signIn?: { oidc?: boolean } };
    return { kind: 'signed-out', oidc: signIn?.oidc === true };
  }
  return { kind: 'unreachable' };
}

export async function signIn(credential: { apiKey: string } | { link: string }): Promise<SignInOutcome> {
  const answer = await ask('POST', { body: JSON.stringify(credential) });
  if (answer === null) return { kind: 'unreachable' };
  if (answer.status === 200) return { kind: 'signed-in', session: answer.body as SignedIn };
  if (answer.status === 429) return { kind: 'too-often', seconds: Number(answer.retryAfter) || null };
  const { error } = (answer.body ?? {}) as { error?: { message?: string } };
  if (answer.status >= 500) return { kind: 'unreachable' };
  return { kind: 'refused', message: error?.message ?? '' };
}

/** Whether it is over: where the server could not be asked, it is not. */
export async function signOut(csrfToken: string): Promise<boolean> {
  const answer = await ask('DELETE', { headers: { 'x-csrf-token': csrfToken } });
  return answer !== null && (answer.status === 204 || answer.status === 401);
}

interface Answer {
  status: number;
  retryAfter: string | null;
  body: unknown;
}

/** null: nobody answered. */
async function ask(method: string, { body, headers }: RequestInit = {}): Promise<Answer | null> {
  try {
    const response = await fetch(SESSION, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      headers: { ...(body === undefined ? { accept: 'application/json' } : JSON_HEADERS), ...headers },
      ...(body !== undefined && { body }),
    });
    learnServerTime(response);
    const text = await response.text();
    return {
      status: response.status,
      retryAfter: response.headers.get('retry-after'),
      body: jsonOrNull(text),
    };
  } catch {
    return null;
  }
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
