import { inScope, type Viewer } from '../identity/viewer.ts';
import type { UserError } from '../kernel/errors.ts';
import type { Json } from '../kernel/json.ts';
import type { Aggregate } from './aggregate.ts';
import type { Command } from './change.ts';
import type { SessionDeps } from './deps.ts';
import { begin, type Draft, toChange } from './draft.ts';

/** Reply and, unless `unchanged`, the draft as it now stands. */
export type Verdict<Reply extends Json> = { reply: Reply; unchanged?: boolean } | { refusal: UserError[] };

export interface SessionCommand<Reply extends Json>
  extends Pick<
    Command,
    | 'idempotency'
    | 'withUndelivered'
    | 'withApprovals'
    | 'withConfiguration'
    | 'withBudget'
    | 'sessionId'
    | 'taskId'
  > {
  decide(draft: Draft, aggregate: Aggregate, now: Date): Verdict<Reply>;
}

const missing = (what: 'session' | 'task'): UserError => ({
  code: 'NOT_FOUND',
  message: `there is no such ${what}`,
});

/** A change of one session (or of one of its tasks) by its id, found within the viewer's scope. */
export function changeOne<Reply extends Json>(
  { changeSession }: SessionDeps,
  viewer: Viewer,
  { decide, ...command }: SessionCommand<Reply>,
) {
  return changeSession<Reply>({
    ...command,
    decide(aggregate, now) {
      if (aggregate === null || !inScope(viewer, aggregate.session.projectId))
        return { refusal: [missing(command.taskId === undefined ? 'session' : 'task')] };
      const draft = begin(aggregate);
      const verdict = decide(draft, aggregate, now);
      if ('refusal' in verdict || verdict.unchanged) return verdict;
      return { change: toChange(aggregate, draft, viewer.actor, now), reply: verdict.reply };
    },
  });
}
