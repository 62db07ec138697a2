import type { ApprovalDeps } from '../approvals/seams.ts';
import type { Ledger } from '../budgets/ledger.ts';
import type { Database } from '../database/open.ts';
import type { LiftDeps } from '../emergency/deps.ts';
import type { Changes } from '../events/changes.ts';
import type { EventFeed } from '../events/feed.ts';
import type { Authenticator } from '../identity/authenticate.ts';
import type { Viewer } from '../identity/viewer.ts';
import type { Log } from '../kernel/log.ts';
import type { SigningKeys } from '../permits/signing-keys.ts';
import type { RecoveryDeps } from '../recovery/deps.ts';
import type { Vault } from '../secrets/vault.ts';
import type { SupervisionEnvironment } from '../supervision/from-environment.ts';

/** What the doors reach verbs and readers through; made once, in app.ts. */
export interface House
  extends ApprovalDeps,
    Pick<LiftDeps, 'enqueueDrives' | 'wakeSweeps'>,
    Pick<RecoveryDeps, 'enqueueRecoveries'> {
  database: Database;
  log: Log;
  authenticator: Authenticator;
  /** Every event, as it is sealed, from any cursor on. */
  eventFeed: EventFeed;
  /** Every change, as it is committed. */
  changes: Changes;
  /** Say that events were committed. */
  committed: () => void;
  /** Where reservations are made, committed and released. */
  ledger: Ledger;
  /** Ends what is remembered of a key that was revoked, and its sockets. */
  forget: (keyId: string) => void;
  /** What permits are signed with, and checked by. */
  signingKeys: SigningKeys;
  /** Where people reach the server; no slash at the end. */
  publicUrl: () => string;
  /** What teams' configurations may read (behaviour 8.3). */
  supervisionEnvironment: SupervisionEnvironment;
  /** Where what is encrypted at rest is kept (behaviour 8.8). */
  vault: Vault;
}

/** What every resolver is given. */
export interface Context {
  viewer: Viewer;
  house: House;
}
