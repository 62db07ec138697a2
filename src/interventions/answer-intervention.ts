import type { Viewer } from '../identity/viewer.ts';
import type { SessionDeps } from '../sessions/deps.ts';
import { type AnswerCommand, type AnswerReply, decideAnswer } from './answer.ts';
import { notFound } from './rules.ts';

/** Answers one intervention by its id. */
export function answerIntervention(
  { changeSession }: SessionDeps,
  viewer: Viewer,
  id: string,
  { answer, idempotency }: Pick<AnswerCommand, 'answer' | 'idempotency'>,
) {
  const find: AnswerCommand['find'] = ({ interventions }) =>
    interventions.find((item) => item.id === id) ?? notFound;
  return changeSession<AnswerReply>({
    interventionId: id,
    idempotency,
    decide: (aggregate, now) => decideAnswer({ viewer, answer, idempotency, find }, aggregate, now),
  });
}
