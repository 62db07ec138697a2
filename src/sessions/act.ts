import type { AgentType } from '../generated/prisma/enums.ts';
import type { Viewer } from '../identity/viewer.ts';
import { deliverInDraft } from '../interventions/acknowledge.ts';
import type { Json } from '../kernel/json.ts';
import type { Aggregate } from './aggregate.ts';
import type { Command } from './change.ts';
import { changeOne, type Verdict } from './change-one.ts';
import type { SessionDeps } from './deps.ts';
import type { Draft } from './draft.ts';
import type { Idempotency } from '../idempotency/idempotency.ts';
import { active, isExternal, isHalted, mayAct } from './rules.ts';

export interface Act<Reply extends Json> extends Pick<Command, 'withConfiguration' | 'withBudget'> {
  sessionId: string;
  agent: { name: string; type?: AgentType };
  idempotency: Idempotency | null;
  /** What an emergency stop answers in place of a refusal; nothing is changed then. */
  whenHalted?: Reply;
  decide(draft: Draft, aggregate: Aggregate, now: Date): Verdict<Reply>;
}

/**
 * An agent does something in its session: it shows that the agent has the answers given to it (behaviour 4.13), that it
 * goes on (3.3), and when it was last seen.
 */
export function actInSession<Reply extends Json>(
  deps: SessionDeps,
  viewer: Viewer,
  { agent, whenHalted, decide, ...command }: Act<Reply>,
) {
  return changeOne<Reply>(deps, viewer, {
    ...command,
    withUndelivered: true,
    decide(draft, aggregate, now) {
      if (whenHalted !== undefined && isHalted(aggregate.session))
        return { reply: whenHalted, unchanged: true };
      const able = mayAct(aggregate.session);
      if (!able.ok) return { refusal: [able.error] };
      // A runner's answers are delivered by handing them over: one that came while it was busy has yet to reach it.
      const taken = isExternal(draft.session)
        ? aggregate.interventions.filter(({ agentName }) => agentName === agent.name)
        : [];
      deliverInDraft(draft, taken, viewer.actor, now);
      draft.session = active(draft.session, now);
      draft.agents.push(agent);
      return decide(draft, aggregate, now);
    },
  });
}
