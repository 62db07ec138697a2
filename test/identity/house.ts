import { type AuthenticatorDeps, createAuthenticator } from '../../src/identity/authenticate.ts';
import { createApiKey, type MadeApiKey, type NewApiKey } from '../../src/identity/create-key.ts';
import { type Role } from '../../src/identity/permissions.ts';
import { revokeApiKey } from '../../src/identity/revoke-key.ts';
import { systemActor, type Viewer } from '../../src/identity/viewer.ts';
import { createIds } from '../../src/kernel/ids.ts';
import { silent, type TestDatabase } from '../support/database.ts';

/** What the tests of this room stand on: verbs over one database, with a count of the queries for keys. */
export function house(database: TestDatabase) {
  const { clock } = database;
  const ids = createIds(clock);
  const deps = {
    database,
    clock,
    ids,
    log: silent,
    oidc: null,
    committed: () => {},
  } satisfies AuthenticatorDeps;
  const verbs = { ...deps, forget: (_: string) => {} };
  return {
    clock,
    ids,
    deps,
    verbs,
    admin: viewer('ADMIN', null),
    create: (input: Partial<NewApiKey> = {}, by: Viewer = viewer('ADMIN', null)): Promise<MadeApiKey> =>
      createApiKey(verbs, by, { name: 'a key', role: 'OPERATOR', ...input }),
    revoke: (id: string, by: Viewer = viewer('ADMIN', null)) => revokeApiKey(verbs, by, id),
    authenticator: (more: Partial<AuthenticatorDeps> = {}) => createAuthenticator({ ...deps, ...more }),
    async project(name: string): Promise<string> {
      const id = ids.next('project');
      await database.prisma.project.create({ data: { id, name, createdAt: clock.now() } });
      return id;
    },
    events: (subjectId: string) =>
      database.prisma.unsealedEvent.findMany({ where: { subjectId }, orderBy: { sequence: 'asc' } }),
  };
}

export const viewer = (role: Role, projectId: string | null): Viewer => ({
  actor: { ...systemActor, role },
  role,
  projectId,
  credentialId: 'key_of_the_test',
  expiresAt: null,
});

/** The same database, counting what is asked of `api_keys`; `hold` is awaited between the answer and its return. */
export function watched(database: TestDatabase, hold: () => Promise<void> = async () => {}) {
  const seen = { queries: 0 };
  const prisma = database.prisma.$extends({
    query: {
      apiKey: {
        async $allOperations({ args, query }) {
          seen.queries += 1;
          const answer = await query(args);
          await hold();
          return answer;
        },
      },
    },
  }) as unknown as TestDatabase['prisma'];
  return { seen, database: { prisma, signals: database.signals } };
}

/** Stands in for a verb's last statement that fails: everything before it must be undone. */
export const failingIds = (of: ReturnType<typeof createIds>) => ({
  next(prefix: Parameters<typeof of.next>[0]) {
    if (prefix === 'event') throw new Error('no event');
    return of.next(prefix);
  },
});
