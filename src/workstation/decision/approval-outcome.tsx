import { Link } from '@tanstack/react-router';
import { Ago } from '../parts/countdown.tsx';
import { UntrustedText } from '../parts/untrusted-text.tsx';
import { texts } from '../texts.ts';
import type { AskedApproval } from './approval-panel.tsx';

/** Who voted how, and what became of it: begun, answered, used. */
export function ApprovalOutcome({ approval }: { approval: AskedApproval }) {
  return (
    <section className="card outcome" aria-label={texts.decision.outcome} data-outcome={approval.status}>
      <h3>{texts.decision.outcome}</h3>
      <dl className="facts">
        <dt>{texts.decision.status}</dt>
        <dd>
          <span
            className={
              approval.status === 'APPROVED'
                ? 'badge badge-good'
                : approval.status === 'PENDING'
                  ? 'badge'
                  : 'badge badge-bad'
            }
          >
            {texts.decision.approvalStatuses[approval.status]}
          </span>
          {approval.standingApproval !== null && ` ${texts.decision.standing}`}
        </dd>
        {approval.rejectionReason !== null && (
          <>
            <dt>{texts.decision.reason}</dt>
            <dd>
              <UntrustedText text={approval.rejectionReason} />
            </dd>
          </>
        )}
        {'startedAt' in approval && approval.status === 'APPROVED' && (
          <>
            <dt>{texts.decision.run}</dt>
            <dd>
              {approval.startedAt === null ? (
                texts.decision.notStarted
              ) : (
                <>
                  {texts.decision.started} · <Ago at={approval.startedAt} />
                </>
              )}
              {approval.responseApproval !== null && (
                <>
                  {' · '}
                  <Link to="/approvals/$id" params={{ id: approval.responseApproval.id }} preload={false}>
                    {texts.types.RESPONSE}:{' '}
                    {texts.decision.approvalStatuses[approval.responseApproval.status]}
                  </Link>
                </>
              )}
            </dd>
          </>
        )}
      </dl>
      <ol className="plain">
        {approval.decisions.map(({ verdict, decidedBy, decidedAt, reason }) => (
          <li key={decidedBy.id + decidedAt}>
            {decidedBy.name}: {texts.decision.verdicts[verdict]} · <Ago at={decidedAt} />
            {reason !== null && <UntrustedText text={reason} />}
          </li>
        ))}
      </ol>
    </section>
  );
}
