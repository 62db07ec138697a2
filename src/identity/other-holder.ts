import type { PrismaClient, Role } from '../generated/prisma/client.ts';
import { roles, satisfies } from './permissions.ts';
import type { Viewer } from './viewer.ts';

/**
 * Whether anybody but the viewer could act where `requiredRole` is asked for in this project: by a key that is neither
 * revoked nor expired, or as a person known of the issuer (behaviour 2.6). Who holds a role in every project counts.
 */
export async function otherHolder(
  prisma: Pick<PrismaClient, 'apiKey' | 'user'>,
  viewer: Viewer,
  requiredRole: Role,
  projectId: string,
  now: Date,
): Promise<boolean> {
  const role = { in: roles.filter((role) => satisfies(role, requiredRole)) };
  const here = { OR: [{ projectId }, { projectId: null }] };
  const self = viewer.actor.id;
  const key = await prisma.apiKey.findFirst({
    where: {
      AND: [here, { OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] }],
      role,
      revokedAt: null,
      userId: { not: self },
    },
    select: { id: true },
  });
  if (key !== null) return true;
  const person = await prisma.user.findFirst({
    where: { ...here, role, oidcIssuer: { not: null }, id: { not: self } },
    select: { id: true },
  });
  return person !== null;
}
