import type { Intervention } from '../generated/prisma/client.ts';
import type { Idempotency } from '../idempotency/idempotency.ts';
import { otherHolder } from '../identity/other-holder.ts';
import type { Viewer } from '../identity/viewer.ts';
import { DomainError } from '../kernel/errors.ts';
import type { SessionDeps } from '../sessions/deps.ts';
import { type AnswerCommand, type AnswerReply, decideAnswer } from './answer.ts';
import { notFound } from './rules.ts';

interface Answering extends Pick<AnswerCommand, 'answer' | 'find'> {
  /** What the change is read by. */
  by: { interventionId: string } | { sessionId: string };
  idempotency: Idempotency | null;
}

/**
 * Gives an answer, by whichever door. Where it would grant what the viewer asked for, it is refused (SELF_APPROVAL), but
 * for an ADMIN whom nobody could stand in for (behaviour 2.6): only then is it looked who else could answer. Someone
 * whose key was made before the request came is seen; someone who comes between the look and the write comes too late,
 * as if just after the answer.
 */
export async function give(deps: SessionDeps, viewer: Viewer, { by, idempotency, ...given }: Answering) {
  let own: Intervention | undefined;
  const attempt = (alone: AnswerCommand['alone']) =>
    deps.changeSession<AnswerReply>({
      ...by,
      idempotency,
      withAuthorization: true,
      decide(aggregate, now) {
        const decision = decideAnswer({ viewer, alone, ...given }, aggregate, now);
        own = decision.own;
        return decision;
      },
    });
  try {
    return await attempt(null);
  } catch (error) {
    const lone = error instanceof DomainError && own !== undefined && viewer.role === 'ADMIN';
    if (!lone) throw error;
    const { requiredRole, projectId } = own!;
    if (await otherHolder(deps.prisma, viewer, requiredRole, projectId, deps.clock.now())) throw error;
    return attempt(requiredRole);
  }
}

/** Answers one intervention by its id. */
export function answerIntervention(
  deps: SessionDeps,
  viewer: Viewer,
  id: string,
  { answer, idempotency }: Pick<Answering, 'answer' | 'idempotency'>,
) {
  const find: AnswerCommand['find'] = ({ interventions }) =>
    interventions.find((item) => item.id === id) ?? notFound;
  return give(deps, viewer, { by: { interventionId: id }, answer, idempotency, find });
}
