import { roleWarning } from '../identity/team-roles.ts';
import type { Configuration } from './configuration-schema.ts';

/** What a configuration says of roles and what does not come of it (behaviour 8.1, 8.2): told whenever it is read. */
export function roleWarnings(configuration: Configuration): { path: string[]; message: string }[] {
  const roles = configuration.human_supervision?.security?.authorization?.roles ?? [];
  return roles.flatMap((role, at) => {
    const message = roleWarning(role);
    const path = ['human_supervision', 'security', 'authorization', 'roles', String(at), 'name'];
    return message === null ? [] : [{ path, message }];
  });
}
