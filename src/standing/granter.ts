import { roles, satisfies } from '../identity/permissions.ts';

/** Roles of people who may approve what a standing approval can cover. */
const able = roles
  .filter((role) => satisfies(role, 'OPERATOR'))
  .map((role) => `'${role}'`)
  .join(', ');

/**
 * SQL: whether whoever granted `alias` may still approve in its project, by a key that is neither revoked nor expired at
 * `now`, or as a person known of the issuer (behaviour 5.9). Looked at in the very write that counts a use, so that a key's
 * revocation ends what its person granted from its commit on.
 */
export const granterStands = (alias: string, now: string): string => `(
  EXISTS (SELECT FROM api_keys k WHERE k.user_id = ${alias}.granted_by_id AND k.revoked_at IS NULL
    AND (k.expires_at IS NULL OR k.expires_at > ${now}) AND k.role IN (${able})
    AND (k.project_id IS NULL OR k.project_id = ${alias}.project_id))
  OR EXISTS (SELECT FROM users u WHERE u.id = ${alias}.granted_by_id AND u.oidc_issuer IS NOT NULL
    AND u.role IN (${able}) AND (u.project_id IS NULL OR u.project_id = ${alias}.project_id)))`;
