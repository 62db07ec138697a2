import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import {
  GiveRecoveryUpDocument,
  RecoveryApprovalsDocument,
  type RecoveryApprovalsQuery,
  RecoveryPageDocument,
  type RecoveryPageQuery,
} from '../../generated/graphql.ts';
import { useViewer } from '../../live/context.tsx';
import { useChange } from '../../live/use-change.ts';
import { useLive } from '../../live/use-live.ts';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { ReasonDialog } from '../../parts/reason-dialog.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { instant } from '../../parts/time.ts';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { recoveryTexts as words, texts } from '../../texts.ts';
import { Assessment } from './assessment.tsx';
import { Plan } from './plan.tsx';

export type Recovery = NonNullable<RecoveryPageQuery['recoverySession']>;
export type RecoveryApproval = RecoveryApprovalsQuery['approvals']['nodes'][number] & {
  __typename: 'RecoveryApproval';
};

const OPEN = ['ASSESSMENT', 'WAITING_APPROVAL', 'IN_PROGRESS', 'FAILED'];

export function OneRecovery({ id }: { id: string }) {
  const { data, fault, read, loading } = useLive(
    RecoveryPageDocument,
    { id },
    { on: ({ type }) => /^(recovery|approval|emergency_stop)_/.test(type) },
  );
  const recovery = data?.recoverySession;
  const asked = useLive(
    RecoveryApprovalsDocument,
    { projectId: recovery?.projectId ?? '' },
    {
      pause: !recovery,
      on: (event) => event.projectId === recovery?.projectId && /^(recovery|approval)_/.test(event.type),
    },
  );
  const approvals = (asked.data?.approvals.nodes ?? []).filter(
    (each): each is RecoveryApproval =>
      each.__typename === 'RecoveryApproval' && each.recoverySession.id === id,
  );
  return (
    <>
      {fault && <FaultNotice fault={fault} stale={data !== undefined} onRetry={read} />}
      {asked.fault && (
        <FaultNotice fault={asked.fault} stale={asked.data !== undefined} onRetry={asked.read} />
      )}
      {!data && loading && <p role="status">{texts.loading}</p>}
      {data && !recovery && <p>{words.missing}</p>}
      {recovery && (
        <>
          <Facts recovery={recovery} />
          <Assessment assessment={recovery.assessment} />
          <Plan recovery={recovery} approvals={approvals} onChanged={() => (read(), asked.read())} />
        </>
      )}
    </>
  );
}

function Facts({ recovery }: { recovery: Recovery }) {
  const viewer = useViewer();
  const giveUp = useChange(GiveRecoveryUpDocument);
  const [giving, setGiving] = useState(false);
  const { emergencyStop: stop, status } = recovery;
  return (
    <section className="card" aria-labelledby="facts">
      <h2 id="facts">{words.facts.title}</h2>
      <p className="row-head">
        <StateBadge state={status} />
        <strong>{words.why[status]}</strong>
        {status !== 'COMPLETED' && (
          <span className="faint">{words.progress(recovery.stepsCompleted, recovery.totalSteps)}</span>
        )}
      </p>
      <dl className="facts">
        <dt>{words.facts.type}</dt>
        <dd>{words.types[recovery.recoveryType]}</dd>
        <dt>{words.facts.by}</dt>
        <dd>
          <UntrustedText text={recovery.initiatedBy.name} inline />
        </dd>
        <dt>{words.facts.at}</dt>
        <dd>{instant(recovery.createdAt)}</dd>
        {recovery.completedAt != null && (
          <>
            <dt>{words.facts.over}</dt>
            <dd>{instant(recovery.completedAt)}</dd>
          </>
        )}
        {stop && (
          <>
            <dt>{words.facts.stop}</dt>
            <dd>
              <Link to="/emergency/$id" params={{ id: recovery.projectId }}>
                {instant(stop.createdAt)}
              </Link>
              {stop.resolvedAt != null && ` (${words.facts.lifted} ${instant(stop.resolvedAt)})`}
              <UntrustedText text={stop.stopReason} />
            </dd>
          </>
        )}
      </dl>
      {OPEN.includes(status) && viewer.has('MANAGER') && (
        <div className="actions">
          <button type="button" className="danger" onClick={() => setGiving(true)}>
            {words.giveUp}
          </button>
        </div>
      )}
      {['REJECTED', 'CANCELLED'].includes(status) && stop?.resolvedAt == null && (
        <div className="actions">
          <Link className="button" to="/recovery/$id" params={{ id: recovery.projectId }}>
            {words.begin.title}
          </Link>
        </div>
      )}
      {giving && (
        <ReasonDialog
          title={words.giveUpTitle}
          lead={<p>{words.giveUpLead}</p>}
          action={words.giveUp}
          danger
          run={(reason) => giveUp({ id: recovery.id, reason })}
          onClose={() => setGiving(false)}
        />
      )}
    </section>
  );
}
