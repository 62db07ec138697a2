import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Stops } from '../emergency/stops.ts';
import type { Ids } from '../kernel/ids.ts';
import type { UserError } from '../kernel/errors.ts';
import type { Vault } from '../secrets/vault.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { ChangeSession } from './change.ts';

/** What the verbs of sessions and interventions work with. */
export interface SessionDeps {
  prisma: PrismaClient;
  changeSession: ChangeSession;
  clock: Clock;
  ids: Ids;
  stops: Stops;
  vault: Vault;
  runners: {
    /** Why no session can be started with this runner and context, or null. */
    fault(runner: string, context: JsonObject): UserError | null;
  };
}
