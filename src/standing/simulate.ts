import { callOf, callSummary } from '../approvals/proposal.ts';
import { approvalTerms, quorumOf } from '../approvals/terms.ts';
import { toUnits } from '../budgets/state.ts';
import type { Approval, PrismaClient } from '../generated/prisma/client.ts';
import type { RiskLevel } from '../generated/prisma/enums.ts';
import { can } from '../identity/permissions.ts';
import { inScope, type Viewer } from '../identity/viewer.ts';
import { Faults } from '../kernel/bounds.ts';
import { addSeconds, type Clock } from '../kernel/clock.ts';
import { DomainError, refuse } from '../kernel/errors.ts';
import type { Json } from '../kernel/json.ts';
import { reveal } from '../privacy/reveal.ts';
import type { Vault } from '../secrets/vault.ts';
import { readInForce } from '../supervision/in-force.ts';
import { checkScope, type ScopeInput } from './bounds.ts';
import { isGrantable, type Standing, statusOf, weigh } from './rules.ts';

/** How far back one looks, in seconds: 30 days. */
export const SIMULATED_SECONDS = 30 * 24 * 60 * 60;
/** The agent's newest calls among which the action's are looked for, and the most of those that are weighed. */
const MOST_SEEN = 10_000;
const MOST_WEIGHED = 1_000;
/** Calls read at a time: each may have an input of 256 kB. */
const PAGE = 50;
/** Milliseconds that a simulation's conditions may take in all. */
const LONGEST = 1_000;

/** Calls that are shown of those let through. */
export const MOST_SHOWN = 50;

export interface Simulation {
  /** Calls that it would have let through. */
  count: number;
  /** What they were estimated at, in ten-thousandths of a dollar. */
  cost: bigint;
  /** The first 50 of them, the oldest first. */
  calls: Approval[];
  /** Calls of that agent's action that were weighed. */
  examined: number;
  /** Whether those were all of the last 30 days. */
  complete: boolean;
}

interface Past {
  id: string;
  riskLevel: RiskLevel;
  requestedById: string;
  input: Json;
  estimatedCost: string;
}

/**
 * What a standing approval would have let through in the last 30 days, the oldest call first, by the same decision as any
 * call that is asked for, and by the quorum that the team has now. Changes nothing. Refusals: INVALID_INPUT by field and
 * bound, NOT_FOUND.
 */
export async function simulateStandingApproval(
  { prisma, clock, vault }: { prisma: PrismaClient; clock: Clock; vault: Pick<Vault, 'open'> },
  viewer: Viewer,
  input: ScopeInput,
): Promise<Simulation> {
  const faults = new Faults();
  const maximumCost = checkScope(faults, input);
  if (faults.errors.length > 0 || maximumCost === null) throw new DomainError(faults.errors);
  const source = await prisma.approval.findUnique({ where: { id: input.approvalId } });
  if (source === null || source.kind !== 'AGENT_CALL' || !inScope(viewer, source.projectId))
    throw refuse('NOT_FOUND', 'there is no such approval', ['approvalId']);
  const now = clock.now();
  const maximumRisk = input.maximumRisk ?? source.riskLevel!;
  const { agentName, proposedAction: action } = callOf(source);
  let standing: Standing = {
    agentName,
    action,
    condition: input.condition ?? null,
    maximumRisk,
    maximumUses: input.maximumUses,
    maximumCost,
    uses: 0,
    cost: 0n,
    expiresAt: addSeconds(now, 1),
    ending: null,
    grantedById: viewer.actor.id,
  };
  const { ids, whole } = await pastCalls(prisma, source.teamId!, standing, now);
  const sees = can(viewer, 'data.read_sensitive');
  const quorum = quorumOf(await readInForce(prisma, source.teamId!));
  const passed: string[] = [];
  let examined = 0;
  let taken = 0;
  for (let at = 0; at < ids.length && taken < LONGEST && isOpen(standing, now); at += PAGE) {
    // Read between two pages, everybody else has their turn.
    const page = await readCalls(prisma, ids.slice(at, at + PAGE));
    // A condition tells of what it looks at: it looks at no more than who writes it sees (behaviour 8.8).
    for (const past of sees ? await reveal({ prisma, vault }, source.projectId, page) : page) {
      const call = { ...past, agentName, action, cost: toUnits(past.estimatedCost) };
      const { requiredApprovals } = approvalTerms(past.riskLevel, quorum);
      const began = performance.now();
      const refused = weigh(standing, { ...call, requiredApprovals }, now);
      taken += performance.now() - began;
      examined += 1;
      if (refused === null) {
        standing = { ...standing, uses: standing.uses + 1, cost: standing.cost + call.cost };
        passed.push(past.id);
      }
      if (taken >= LONGEST) break;
    }
  }
  const shown = passed.slice(0, MOST_SHOWN);
  const calls = await prisma.approval.findMany({ where: { id: { in: shown } }, orderBy: { id: 'asc' } });
  // Once every use is taken, or nothing of the kind can be granted, what is left changes nothing.
  const complete = whole && (examined === ids.length || !isOpen(standing, now));
  return { count: passed.length, cost: standing.cost, calls, examined, complete };
}

const isOpen = (standing: Standing, now: Date): boolean =>
  statusOf(standing, now) === 'ACTIVE' && isGrantable(standing.maximumRisk);

/**
 * The ids of the action's calls, the oldest first; `whole`: there are no others. approvals_agent_idx serves it. The action is
 * told by the summary, for a proposal may have 256 kB to be unpacked.
 */
async function pastCalls(
  prisma: PrismaClient,
  teamId: string,
  { agentName, action }: Pick<Standing, 'agentName' | 'action'>,
  now: Date,
): Promise<{ ids: string[]; whole: boolean }> {
  const rows = await prisma.$queryRaw<{ id: string; matches: boolean }[]>`
    SELECT id, summary = ${callSummary(agentName, action)} AS matches FROM approvals
    WHERE team_id = ${teamId} AND proposal->>'agentName' = ${agentName} AND kind IN ('AGENT_CALL', 'RESPONSE')
      AND kind = 'AGENT_CALL' AND created_at >= ${addSeconds(now, -SIMULATED_SECONDS)}::timestamptz
    ORDER BY id DESC LIMIT ${MOST_SEEN + 1}`;
  const ids = rows.filter(({ matches }) => matches).map(({ id }) => id);
  const whole = rows.length <= MOST_SEEN && ids.length <= MOST_WEIGHED;
  return { ids: ids.slice(0, MOST_WEIGHED).reverse(), whole };
}

/** In the order of their ids. */
async function readCalls(prisma: PrismaClient, ids: readonly string[]): Promise<Past[]> {
  return prisma.$queryRaw<Past[]>`
    SELECT id, risk_level::text AS "riskLevel", requested_by->>'id' AS "requestedById", proposal->'inputData' AS input,
      proposal->>'estimatedCost' AS "estimatedCost"
    FROM approvals WHERE id = ANY(${ids}::text[]) ORDER BY id`;
}
