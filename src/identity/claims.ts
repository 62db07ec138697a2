import type { JWTPayload } from 'jose';
import { isId } from '../kernel/ids.ts';
import { highestRole, type Role, roles } from './permissions.ts';

/** The most roles looked at in a claim: directories put hundreds of groups there, not thousands. */
const MOST_ROLES = 1_000;

/**
 * The claim of this name, or, where there is none, the one that its dots lead to: `realm_access.roles`. Names with
 * dots of their own (`https://example.com/roles`) are therefore found too. Undefined for none.
 */
export function claimOf(claims: JWTPayload, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** Letters alone: `toUpperCase` makes ASCII of others too (of the dotless i in "admın", the long s in "ſupervisor"). */
const ROLE_NAME = /^[A-Za-z]+$/;

/** The highest role that the claim names, in any case; what is no role of ours is passed over. */
export function roleOf(claim: unknown): Role | null {
  const names = new Set(
    textsOf(claim)
      .slice(0, MOST_ROLES)
      .filter((name) => ROLE_NAME.test(name))
      .map((name) => name.toUpperCase()),
  );
  return highestRole(roles.filter((role) => names.has(role)));
}

/** The one project that the claim names, `*` for every project. Null where it names none, several, or no id. */
export function projectOf(claim: unknown): { projectId: string | null } | null {
  const [project, ...others] = new Set(textsOf(claim));
  if (project === undefined || others.length > 0) return null;
  if (project === '*') return { projectId: null };
  return isId('project', project) ? { projectId: project } : null;
}

const textsOf = (claim: unknown): string[] =>
  (Array.isArray(claim) ? (claim as unknown[]) : [claim]).filter((item) => typeof item === 'string');
