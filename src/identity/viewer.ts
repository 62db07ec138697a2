import type { Role } from '../generated/prisma/enums.ts';
import type { Action } from './permissions.ts';

export type ActorKind = 'USER' | 'AGENT' | 'SYSTEM';

/** Whoever did something, as it is written into events and answers: a person, an agent's key, or the system. */
export type Actor = { kind: ActorKind; id: string; name: string; role: Role | null };

/** Timeouts, policies and whatever else nobody in particular did. */
export const systemActor: Actor = { kind: 'SYSTEM', id: 'system', name: 'Holdpoint', role: null };

/** Whose words theirs are: a user's id. Null: an agent's key or the system, whose words are no person's (behaviour 8.8). */
export const personOf = ({ kind, id }: Actor): string | null => (kind === 'USER' ? id : null);

/** The one behind a request, as its credential says. */
export interface Viewer {
  readonly actor: Actor;
  readonly role: Role;
  /** The one project it sees; null: every project (behaviour 2.2). */
  readonly projectId: string | null;
  /** The API key's id, or the OIDC user's: what idempotency keys and limits are counted by. */
  readonly credentialId: string;
  readonly expiresAt: Date | null;
  /** The hash of the browser session that it came by, with whose end it ends (behaviour 2.10). */
  readonly browserSession?: string;
  /** What a team takes from its role, for a decision about something of that team's: see team-roles.ts. */
  readonly denied?: ReadonlySet<Action>;
}

/** What lies outside does not exist for the viewer (behaviour 2.2). */
export const inScope = (viewer: Viewer, projectId: string | null): boolean =>
  viewer.projectId === null || viewer.projectId === projectId;
