import type { Intervention, Session } from '../generated/prisma/client.ts';
import { deliverInDraft } from '../interventions/acknowledge.ts';
import { responseOf } from '../interventions/response.ts';
import { isAnswered } from '../interventions/rules.ts';
import { type Json, plainObject } from '../kernel/json.ts';
import { changeOne } from '../sessions/change-one.ts';
import type { SessionDeps } from '../sessions/deps.ts';
import { putApproval } from '../sessions/draft.ts';
import { failDraft } from '../sessions/end.ts';
import { hasEnded, pickedUp } from '../sessions/rules.ts';
import { systemActor } from '../identity/viewer.ts';
import { spanOfAsked, spanOfSettled } from '../tracing/ids.ts';
import { credentialOf, runnerViewer } from './desk.ts';
import { revealWith } from '../privacy/reveal.ts';
import { callOf, responseOf as answerOf } from '../approvals/proposal.ts';
import type { MovedCall, News, Pending, SessionView } from './runner.ts';

/** What a session's runner is owed, read once its worker holds it. */
export interface Situation {
  session: Session;
  news: News[];
  pending: Pending[];
  calls: MovedCall[];
  /** The spans of what it is owed, in the order of the two lists: what its turn goes on from. */
  causes: string[];
  /** What it is shown of what was taken out as sensitive. */
  revealed: Json[];
}

/**
 * Takes a session out of PROCESSING_INTERVENTION (behaviour 3.4), then reads what is owed: in this order, so that what
 * comes in between is read as well, and found again by the round that its wake-up causes.
 */
export async function pickUp(deps: SessionDeps, sessionId: string): Promise<Situation> {
  const { prisma, vault } = deps;
  const before = await prisma.session.findUniqueOrThrow({ where: { id: sessionId } });
  if (before.status === 'PROCESSING_INTERVENTION') {
    await changeOne(deps, runnerViewer(before, before.runner), {
      sessionId,
      decide(draft, _, now) {
        if (draft.session.status !== 'PROCESSING_INTERVENTION') return { reply: null, unchanged: true };
        draft.session = pickedUp(draft.session, now);
        return { reply: null };
      },
    });
  }
  const [stored, waiting, approvals, asked] = await Promise.all([
    prisma.session.findUniqueOrThrow({ where: { id: sessionId } }),
    prisma.intervention.findMany({
      where: { sessionId, OR: [{ delivery: 'PENDING' }, { status: 'PENDING' }] },
      orderBy: { id: 'asc' },
    }),
    prisma.approval.findMany({ where: { sessionId, delivery: 'PENDING' }, orderBy: { id: 'asc' } }),
    prisma.idempotencyKey.findMany({
      where: {
        credentialId: credentialOf(sessionId),
        mutation: { in: ['requestIntervention', 'requestAgentCallApproval'] },
      },
      select: { key: true, reply: true },
    }),
  ]);
  // The agent that runs inside gets what its session said, as it was said.
  const { value, opened } = await revealWith(
    { prisma, vault },
    stored.projectId,
    {
      session: stored,
      interventions: waiting,
    },
    sessionId,
  );
  const { session, interventions } = value;
  const triggered = interventions.filter(({ trigger }) => trigger !== null).map(({ id }) => id);
  const steps = new Map([
    ...(await reportSteps(deps, sessionId, triggered)),
    ...asked.map(({ key, reply }) => {
      const { value } = reply as { value: { interventionId: string } | { approvalId: string } };
      return ['approvalId' in value ? value.approvalId : value.interventionId, key] as const;
    }),
  ]);
  const named = ({ id, agentName }: Intervention): Pending => ({
    interventionId: id,
    agentName,
    step: steps.get(id) ?? null,
  });
  const owed = interventions.filter(({ delivery }) => delivery === 'PENDING');
  return {
    session,
    news: owed.map((item) => newsOf(item, named(item))),
    pending: interventions.filter(({ status }) => status === 'PENDING').map(named),
    calls: approvals.map((approval) => ({
      key: approval.id,
      approvalId: approval.callId ?? approval.id,
      agentName: (approval.callId === null ? callOf(approval) : answerOf(approval)).agentName,
      step: steps.get(approval.callId ?? approval.id) ?? null,
    })),
    causes: [
      ...owed.map((item) =>
        // One that was given up was never settled.
        isAnswered(item) || item.status === 'CANCELLED' ? spanOfSettled(item.id) : spanOfAsked(item.id),
      ),
      ...approvals.map(({ id, status }) => spanOfSettled(id, status)),
    ],
    revealed: opened,
  };
}

/** The steps whose reports these were asked about: most sessions have none, and need not look. */
async function reportSteps(
  { prisma }: SessionDeps,
  sessionId: string,
  interventionIds: string[],
): Promise<(readonly [interventionId: string, step: string])[]> {
  if (interventionIds.length === 0) return [];
  const reports = await prisma.idempotencyKey.findMany({
    where: {
      credentialId: credentialOf(sessionId),
      mutation: 'reportExecutionEvent',
      OR: interventionIds.map((id) => ({ reply: { path: ['value', 'interventionId'], equals: id } })),
    },
    select: { key: true, reply: true },
    // The last one counts: what several steps wait for is news of the first.
    orderBy: { expiresAt: 'desc' },
  });
  return reports.map(({ key, reply }) => [
    (reply as { value: { interventionId: string } }).value.interventionId,
    key,
  ]);
}

function newsOf(intervention: Intervention, named: Pending): News {
  const common = { key: intervention.id, ...named };
  if (isAnswered(intervention)) {
    return {
      ...common,
      kind: 'answered',
      resolution: intervention.resolution,
      response: responseOf(intervention)!,
    };
  }
  return { ...common, kind: intervention.status === 'CANCELLED' ? 'cancelled' : 'given_up' };
}

export const viewOf = ({
  id,
  projectId,
  teamId,
  initialMessage,
  context,
  createdAt,
}: Session): SessionView => ({
  id,
  projectId,
  teamId,
  initialMessage,
  context: plainObject(context),
  createdAt,
});

/** The runner has taken these (behaviour 4.13). */
export async function delivered(
  deps: SessionDeps,
  session: Session,
  { news, calls }: Pick<Situation, 'news' | 'calls'>,
): Promise<void> {
  if (news.length + calls.length === 0) return;
  const taken = new Set(news.map(({ interventionId }) => interventionId));
  const moved = new Set(calls.map(({ key }) => key));
  const viewer = runnerViewer(session, session.runner);
  await changeOne(deps, viewer, {
    sessionId: session.id,
    withUndelivered: true,
    decide(draft, { interventions, approvals }, now) {
      const mine = interventions.filter(({ id, delivery }) => delivery === 'PENDING' && taken.has(id));
      deliverInDraft(draft, mine, viewer.actor, now);
      const told = approvals.filter(({ id, delivery }) => delivery === 'PENDING' && moved.has(id));
      for (const approval of told) putApproval(draft, { ...approval, delivery: 'DELIVERED' });
      return { reply: null, unchanged: mine.length + told.length === 0 };
    },
  });
}

/** The runner is given up: what it is owed never reached it, and the session is FAILED with the reason (4.13). */
export async function giveUp(deps: SessionDeps, session: Session, reason: string): Promise<void> {
  await changeOne(deps, runnerViewer(session, session.runner), {
    sessionId: session.id,
    withUndelivered: true,
    withApprovals: true,
    decide(draft, { tasks }, now) {
      if (hasEnded(draft.session.status)) return { reply: null, unchanged: true };
      failDraft(draft, tasks, reason, systemActor, now);
      return { reply: null };
    },
  });
}
