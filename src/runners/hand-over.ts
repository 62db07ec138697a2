import type { Intervention, Session } from '../generated/prisma/client.ts';
import { deliverInDraft } from '../interventions/acknowledge.ts';
import { responseOf } from '../interventions/response.ts';
import { isAnswered } from '../interventions/rules.ts';
import { plainObject } from '../kernel/json.ts';
import { changeOne } from '../sessions/change-one.ts';
import type { SessionDeps } from '../sessions/deps.ts';
import { putApproval } from '../sessions/draft.ts';
import { failDraft } from '../sessions/end.ts';
import { hasEnded, pickedUp } from '../sessions/rules.ts';
import { systemActor } from '../identity/viewer.ts';
import { credentialOf, runnerViewer } from './desk.ts';
import { callOf, responseOf as answerOf } from '../approvals/proposal.ts';
import type { MovedCall, News, Pending, SessionView } from './runner.ts';

/** What a session's runner is owed, read once its worker holds it. */
export interface Situation {
  session: Session;
  news: News[];
  pending: Pending[];
  calls: MovedCall[];
}

/**
 * Takes a session out of PROCESSING_INTERVENTION (behaviour 3.4), then reads what is owed: in this order, so that what
 * comes in between is read as well, and found again by the round that its wake-up causes.
 */
export async function pickUp(deps: SessionDeps, sessionId: string): Promise<Situation> {
  const { prisma } = deps;
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
  const [session, interventions, approvals, asked] = await Promise.all([
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
  const steps = new Map(
    asked.map(({ key, reply }) => {
      const { value } = reply as { value: { interventionId: string } | { approvalId: string } };
      return ['approvalId' in value ? value.approvalId : value.interventionId, key];
    }),
  );
  const named = ({ id, agentName }: Intervention): Pending => ({
    interventionId: id,
    agentName,
    step: steps.get(id) ?? null,
  });
  return {
    session,
    news: interventions
      .filter(({ delivery }) => delivery === 'PENDING')
      .map((item) => newsOf(item, named(item))),
    pending: interventions.filter(({ status }) => status === 'PENDING').map(named),
    calls: approvals.map((approval) => ({
      key: approval.id,
      approvalId: approval.callId ?? approval.id,
      agentName: (approval.callId === null ? callOf(approval) : answerOf(approval)).agentName,
      step: steps.get(approval.callId ?? approval.id) ?? null,
    })),
  };
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
