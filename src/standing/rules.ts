import type { StandingApproval } from '../generated/prisma/client.ts';
import type { RiskLevel } from '../generated/prisma/enums.ts';
import { assertNever } from '../kernel/assert-never.ts';
import type { Json } from '../kernel/json.ts';
import { satisfies } from '../identity/permissions.ts';
import { takenFrom } from '../identity/team-roles.ts';
import type { Actor, Viewer } from '../identity/viewer.ts';
import { allow, deny, type Outcome } from '../sessions/aggregate.ts';
import { projectStopped } from '../sessions/rules.ts';
import { holds } from './conditions.ts';

// The states of a standing approval, and who moves it (behaviour 5.9):
//
//   ACTIVE ──a call within its scope and bounds──▶ ACTIVE, one use and its estimate more
//     ├──the last use──▶ EXHAUSTED ──────────────┐
//     ├──who granted it, a SUPERVISOR──▶ REVOKED ◀┤ (also by the clock, once who granted it may approve no more)
//     └──the clock──▶ EXPIRED ◀──────────────────┘
//
// Invariants
//   Scope, bounds and expiry never change. `uses` and `cost` never fall, and `uses` never exceeds `maximumUses`.
//   A call is let through only in the transaction that counts it: that write carries the whole of `inForce` in its
//   condition (use.ts), so that after a revocation is committed nothing is let through, and no interleaving uses one time
//   or one cent too often.
//   It decides nothing but that a call goes through: whatever it does not let through is held for a person.

/** Seconds that one may be in force at most: 30 days. */
export const LONGEST_SECONDS = 30 * 24 * 60 * 60;
export const MOST_USES = 10_000;
/** In force at once for one agent's action in a team: each is weighed whenever that action is asked for. */
export const MOST_IN_FORCE = 20;

export const standingStatuses = ['ACTIVE', 'EXHAUSTED', 'REVOKED', 'EXPIRED'] as const;
export type StandingStatus = (typeof standingStatuses)[number];

/** Money is in ten-thousandths of a dollar. */
export interface Standing
  extends Pick<
    StandingApproval,
    'agentName' | 'action' | 'condition' | 'maximumUses' | 'uses' | 'expiresAt' | 'ending' | 'grantedById'
  > {
  maximumRisk: RiskLevel;
  maximumCost: bigint;
  cost: bigint;
}

/** A call as it is weighed: one that is asked for, or one that was. */
export interface WeighedCall {
  agentName: string;
  action: string;
  input: Json;
  riskLevel: RiskLevel;
  /** How many must approve a call of its risk. */
  requiredApprovals: number;
  /** The estimate, in ten-thousandths of a dollar. */
  cost: bigint;
  requestedById: string;
}

/** What risks one may be granted for, least first. */
const GRANTABLE = ['LOW', 'MEDIUM'] as const satisfies RiskLevel[];
export type GrantableRisk = (typeof GRANTABLE)[number];

export const isGrantable = (risk: RiskLevel | null): risk is GrantableRisk =>
  (GRANTABLE as readonly (RiskLevel | null)[]).includes(risk);

/** What risks one that is granted up to `most` covers. */
export const risksUpTo = (most: GrantableRisk): readonly GrantableRisk[] =>
  GRANTABLE.slice(0, GRANTABLE.indexOf(most) + 1);

export function statusOf(
  { ending, expiresAt, uses, maximumUses }: Pick<Standing, 'ending' | 'expiresAt' | 'uses' | 'maximumUses'>,
  now: Date,
): StandingStatus {
  if (ending !== null) return ending;
  if (expiresAt <= now) return 'EXPIRED';
  return uses >= maximumUses ? 'EXHAUSTED' : 'ACTIVE';
}

/**
 * Why a standing approval does not let a call through; null: it does. The one decision, of calls that are asked for and of
 * those that a simulation looks back on. The order is that of cost: the condition is looked at last.
 */
export function weigh(standing: Standing, call: WeighedCall, now: Date): string | null {
  const status = statusOf(standing, now);
  if (status !== 'ACTIVE') return status;
  if (standing.agentName !== call.agentName || standing.action !== call.action) return 'another action';
  // Whatever was granted: a person looks at each call of a high risk.
  if (!isGrantable(call.riskLevel) || !isGrantable(standing.maximumRisk)) return 'too high a risk';
  if (!risksUpTo(standing.maximumRisk).includes(call.riskLevel)) return 'too high a risk';
  if (call.requiredApprovals > 1) return 'several must approve';
  // Nobody approves what they asked for (behaviour 2.6), nor by what they granted before.
  if (call.requestedById === standing.grantedById) return 'asked by who granted it';
  if (standing.cost + call.cost > standing.maximumCost) return 'too dear';
  return holds(standing.condition, call.input) ? null : 'another input';
}

/** The call that one is made from, as far as it matters. */
export interface Source {
  kind: string;
  status: 'PENDING' | 'APPROVED' | 'REJECTED' | 'REQUIRES_MODIFICATION' | 'TIMED_OUT' | 'CANCELLED';
  riskLevel: RiskLevel | null;
  requiredRole: Parameters<typeof satisfies>[1];
  requiredApprovals: number;
}

/** `quorum`: the most that must approve a call of any risk that is to be covered, as the team has it now. */
export function mayGrant(
  source: Source,
  viewer: Viewer,
  { own, stopped, quorum }: { own: boolean; stopped: boolean; quorum: number },
): Outcome<null> {
  const path = ['approvalId'];
  if (source.kind !== 'AGENT_CALL') return deny('NOT_FOUND', 'there is no such approval', path);
  switch (source.status) {
    case 'PENDING':
    case 'APPROVED':
      break;
    case 'TIMED_OUT':
      return deny('EXPIRED', 'the request timed out', path);
    case 'CANCELLED':
      return deny('CANCELLED', 'the request was cancelled', path);
    case 'REJECTED':
    case 'REQUIRES_MODIFICATION':
      return deny('INVALID_STATE', `the call is ${source.status}`, path);
    default:
      return assertNever(source.status);
  }
  if (stopped) return { ok: false, error: projectStopped };
  if (!satisfies(viewer.role, source.requiredRole))
    return deny(
      'FORBIDDEN',
      `this must be granted by someone with the role ${source.requiredRole} or a higher one`,
    );
  // It approves what it is made from, and what comes after it.
  const taken = takenFrom(viewer, 'approval.grant') ?? takenFrom(viewer, 'approval.respond');
  if (taken !== null) return { ok: false, error: taken };
  if (own) return deny('SELF_APPROVAL', 'nobody grants what they asked for themselves');
  if (!isGrantable(source.riskLevel))
    return deny(
      'POLICY_VIOLATION',
      `a call of ${source.riskLevel} risk is approved one at a time; a standing approval covers LOW and MEDIUM`,
      path,
    );
  if (Math.max(source.requiredApprovals, quorum) > 1)
    return deny('POLICY_VIOLATION', 'one person cannot grant what several must approve', path);
  return allow(null);
}

/** Who granted it, or a SUPERVISOR. One that was revoked is answered as it is. */
export function mayRevoke(
  standing: Pick<Standing, 'ending' | 'expiresAt' | 'grantedById'>,
  viewer: Viewer,
  now: Date,
): Outcome<'revoke' | 'unchanged'> {
  if (viewer.actor.id !== standing.grantedById && !satisfies(viewer.role, 'SUPERVISOR'))
    return deny('FORBIDDEN', 'this is for whoever granted it, or a SUPERVISOR, to revoke');
  if (standing.ending === 'REVOKED') return allow('unchanged');
  if (standing.ending === 'EXPIRED' || standing.expiresAt <= now)
    return deny('EXPIRED', 'the standing approval has expired');
  return allow('revoke');
}

export const granterOf = ({ grantedBy }: Pick<StandingApproval, 'grantedBy'>): Actor =>
  grantedBy as unknown as Actor;
