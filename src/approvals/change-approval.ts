import { inScope, systemActor, type Viewer } from '../identity/viewer.ts';
import type { Idempotency } from '../idempotency/idempotency.ts';
import type { UserError } from '../kernel/errors.ts';
import type { Json } from '../kernel/json.ts';
import type { Aggregate, VotedApproval } from '../sessions/aggregate.ts';
import type { SessionDeps } from '../sessions/deps.ts';
import { begin, type Draft, toChange } from '../sessions/draft.ts';
import { advance } from './advance.ts';
import { notFound } from './rules.ts';

/** `kept`: the refusal leaves behind what the draft holds. Otherwise only what the clock had due is written. */
export type Ruling<Reply extends Json> =
  | { reply: Reply; unchanged?: boolean }
  | { refusal: UserError[]; kept?: boolean };

export interface ApprovalCommand<Reply extends Json> {
  id: string;
  idempotency?: Idempotency | null;
  /** Also read the supervision configuration of the session's team. */
  withConfiguration?: boolean;
  /** Also read what the session's team takes from roles. */
  withAuthorization?: boolean;
  /** `approval` stands as the clock has it at `now`. */
  decide(draft: Draft, approval: VotedApproval, aggregate: Aggregate, now: Date): Ruling<Reply>;
}

/** A change of one approval of a session, by its id: found within the viewer's scope, brought up to date, decided. */
export function changeApproval<Reply extends Json>(
  { changeSession }: SessionDeps,
  viewer: Viewer,
  { id, idempotency, withConfiguration = false, withAuthorization = false, decide }: ApprovalCommand<Reply>,
) {
  return changeSession<Reply>({
    approvalId: id,
    idempotency,
    withConfiguration,
    withAuthorization,
    decide(aggregate, now) {
      const named = aggregate?.approvals.find((item) => item.id === id);
      if (!aggregate || named === undefined || !inScope(viewer, aggregate.session.projectId))
        return { refusal: [notFound] };
      const draft = begin(aggregate);
      const current = advance(draft, named, aggregate.tasks, now);
      const due = current === named ? {} : { change: toChange(aggregate, draft, systemActor, now) };
      const ruling = decide(draft, current, aggregate, now);
      const changes = 'refusal' in ruling ? ruling.kept === true : ruling.unchanged !== true;
      const written = changes ? { change: toChange(aggregate, draft, viewer.actor, now) } : due;
      return 'refusal' in ruling
        ? { ...written, refusal: ruling.refusal }
        : { ...written, reply: ruling.reply };
    },
  });
}
