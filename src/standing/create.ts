import { callOf } from '../approvals/proposal.ts';
import { isRequester } from '../approvals/rules.ts';
import { isStopped } from '../approvals/change-project-approval.ts';
import { approvalTerms, quorumOf } from '../approvals/terms.ts';
import { toDecimal } from '../budgets/state.ts';
import type { Tx } from '../database/transact.ts';
import { appendEvents } from '../events/append.ts';
import type { Approval, PrismaClient } from '../generated/prisma/client.ts';
import { idempotencyOf } from '../idempotency/idempotency.ts';
import { remembering } from '../idempotency/remember.ts';
import { can } from '../identity/permissions.ts';
import { narrowed } from '../identity/team-roles.ts';
import { inScope, type Viewer } from '../identity/viewer.ts';
import { Faults } from '../kernel/bounds.ts';
import type { Clock } from '../kernel/clock.ts';
import { DomainError, refuse } from '../kernel/errors.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Json } from '../kernel/json.ts';
import type { Privacy, TakenOut } from '../privacy/privacy.ts';
import { reveal } from '../privacy/reveal.ts';
import type { Vault } from '../secrets/vault.ts';
import type { Configuration } from '../supervision/configuration-schema.ts';
import { authorizationOf, readInForce } from '../supervision/in-force.ts';
import { checkExpiry, checkReason, checkScope, type ScopeInput } from './bounds.ts';
import { holds } from './conditions.ts';
import { type GrantableRisk, isGrantable, mayGrant, MOST_IN_FORCE, risksUpTo } from './rules.ts';
import { standingEvent } from './store.ts';
import { takeOut } from './words.ts';

export interface CreateInput extends ScopeInput {
  expiresAt: Date;
  reason?: string | null;
  idempotencyKey?: string | null;
}

export interface StandingDeps {
  database: { prisma: PrismaClient };
  clock: Clock;
  ids: Ids;
  vault: Vault;
  privacy: Privacy;
  /** Say that events were committed. */
  committed: () => void;
  /** A deadline was committed. */
  wakeSweeps: (dueAt: Date) => void;
}

/**
 * A person lets through, from now on, what they were asked for once (behaviour 5.9): the same agent's same action, within
 * the bounds named. It decides nothing about the call that it is made from. Refusals: INVALID_INPUT by field and bound,
 * NOT_FOUND, INVALID_STATE, EXPIRED or CANCELLED by that call's state, EMERGENCY_STOPPED, FORBIDDEN beneath its role,
 * SELF_APPROVAL for whoever asked, POLICY_VIOLATION for HIGH and CRITICAL risk and where several must approve,
 * RESOURCE_CONSTRAINT past 20 in force for that agent's action.
 */
export async function createStandingApproval(deps: StandingDeps, viewer: Viewer, input: CreateInput) {
  const faults = new Faults();
  const maximumCost = checkScope(faults, input);
  checkExpiry(faults, input.expiresAt, deps.clock.now());
  checkReason(faults, input.reason);
  if (faults.errors.length > 0 || maximumCost === null) throw new DomainError(faults.errors);
  const idempotency = idempotencyOf(viewer.credentialId, 'createStandingApproval', {
    ...input,
    expiresAt: input.expiresAt.toISOString(),
  });
  const of = await deps.database.prisma.approval.findUnique({
    where: { id: input.approvalId },
    select: { projectId: true, teamId: true },
  });
  const taken = await takeOut(deps, viewer, of, { reason: input.reason ?? null });
  const { reply, repeated } = await remembering(
    deps,
    'grant a standing approval',
    idempotency,
    async (tx) => ({
      standingId: await grant(tx, deps, viewer, { ...input, maximumCost: toDecimal(maximumCost) }, taken),
    }),
  );
  if (!repeated) {
    deps.committed();
    deps.wakeSweeps(input.expiresAt);
  }
  return reply;
}

async function grant(
  tx: Tx,
  deps: StandingDeps,
  viewer: Viewer,
  input: CreateInput,
  { words: { reason }, kept }: TakenOut<{ reason: string | null }>,
): Promise<string> {
  const source = await tx.approval.findUnique({ where: { id: input.approvalId } });
  if (source === null || !inScope(viewer, source.projectId))
    throw refuse('NOT_FOUND', 'there is no such approval', ['approvalId']);
  // Shared: a stop that comes at the same time either finds this granted, or is found here (behaviour 7.2).
  const stopped = (await isStopped(tx, source.projectId)) !== false;
  const maximumRisk = input.maximumRisk ?? source.riskLevel;
  const configuration = source.teamId === null ? null : await readInForce(tx, source.teamId);
  const able = mayGrant(source, narrowed(viewer, authorizationOf(configuration)), {
    own: isRequester(source, viewer),
    stopped,
    quorum: isGrantable(maximumRisk) ? quorumUpTo(configuration, maximumRisk) : 1,
  });
  if (!able.ok) throw new DomainError([able.error]);
  const given = (source.approvedInput ?? callOf(source).inputData) as Json;
  const sees = can(viewer, 'data.read_sensitive');
  // A condition tells of what it looks at: it looks at no more than who writes it sees (behaviour 8.8).
  fits(
    source,
    sees ? await reveal({ prisma: tx, vault: deps.vault }, source.projectId, given) : given,
    input,
  );
  const { agentName, proposedAction: action } = callOf(source);
  const now = deps.clock.now();
  const teamId = source.teamId!;
  await roomFor(tx, { teamId, agentName, action, now });
  await deps.vault.keep(tx, kept);
  const { condition = null, maximumUses, maximumCost, expiresAt } = input;
  const id = deps.ids.next('standing');
  const row = {
    id,
    projectId: source.projectId,
    teamId,
    approvalId: source.id,
    agentName,
    action,
    condition,
    maximumRisk: maximumRisk as GrantableRisk,
    maximumUses,
    maximumCost,
    reason,
    grantedBy: viewer.actor,
    grantedById: viewer.actor.id,
    createdAt: now,
    expiresAt,
  };
  await tx.standingApproval.create({ data: row });
  const data = {
    approvalId: source.id,
    agentName,
    action,
    condition,
    maximumRisk,
    maximumUses,
    maximumCost,
    expiresAt: expiresAt.toISOString(),
    reason,
  };
  await appendEvents(tx, deps.ids, [
    standingEvent(row, 'standing_approval_created', viewer.actor, now, data),
  ]);
  return id;
}

/** The most that must approve a call of any of these risks. */
function quorumUpTo(configuration: Configuration | null, maximumRisk: GrantableRisk): number {
  const quorum = quorumOf(configuration);
  return Math.max(...risksUpTo(maximumRisk).map((risk) => approvalTerms(risk, quorum).requiredApprovals));
}

/** What does not let through the very call that it is made from was meant otherwise. */
function fits(
  source: Pick<Approval, 'riskLevel'>,
  input: Json,
  { condition = null, maximumRisk = null }: CreateInput,
): void {
  const faults = new Faults();
  if (maximumRisk === 'LOW' && source.riskLevel !== 'LOW')
    faults.add(['maximumRisk'], `maximumRisk must be ${source.riskLevel}: the call is assessed at that`);
  if (!holds(condition, input))
    faults.add(['condition'], 'condition must be true of the call that it is made from');
  if (faults.errors.length > 0) throw new DomainError(faults.errors);
}

interface Place {
  teamId: string;
  agentName: string;
  action: string;
  now: Date;
}

/** Each one in force is weighed at every such call. Under the team's row, so that two at once are counted one by one. */
async function roomFor(tx: Tx, { teamId, agentName, action, now }: Place): Promise<void> {
  await tx.$executeRaw`SELECT 1 FROM teams WHERE id = ${teamId} FOR NO KEY UPDATE`;
  const [{ count }] = await tx.$queryRaw<[{ count: number }]>`
    SELECT count(*)::int AS count FROM standing_approvals
    WHERE ended_at IS NULL AND team_id = ${teamId} AND agent_name = ${agentName} AND action = ${action}
      AND expires_at > ${now}::timestamptz AND uses < maximum_uses`;
  if (count >= MOST_IN_FORCE)
    throw refuse(
      'RESOURCE_CONSTRAINT',
      `${MOST_IN_FORCE} standing approvals are in force for this agent's action: revoke one first`,
    );
}
