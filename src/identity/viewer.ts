import type { Role } from './permissions.ts';

/** Who did something, as events and items keep it: a copy, true at that moment. */
export type Actor = {
  kind: 'USER' | 'AGENT' | 'SYSTEM';
  /** A person's `user_…`, an agent's `key_…`, or "system". */
  id: string;
  name: string;
  role: Role | null;
};

/** Whoever makes a request, and how far they see. */
export interface Viewer {
  actor: Actor;
  role: Role;
  /** Null: every project. */
  projectId: string | null;
  /** What is revoked, counted and remembered by: the key's id, or for a signed-in person the user's. */
  credentialId: string;
  /** From this instant on the credential is no longer good; null: it does not expire. */
  expiresAt: Date | null;
}

/** The clock, a policy, a start: whatever acts without anyone asking. */
export const systemActor: Actor = Object.freeze({
  kind: 'SYSTEM',
  id: 'system',
  name: 'Holdpoint',
  role: null,
});

/** What lies out of scope does not exist for the viewer (behaviour 2.2). `projectId` null: what belongs to no project. */
export function inScope(viewer: Pick<Viewer, 'projectId'>, projectId: string | null): boolean {
  return viewer.projectId === null || viewer.projectId === projectId;
}
