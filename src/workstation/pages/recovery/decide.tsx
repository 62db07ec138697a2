import { useId, useState } from 'react';
import { DecideRecoveryDocument } from '../../generated/graphql.ts';
import { useViewer } from '../../live/context.tsx';
import { newKey, useChange } from '../../live/use-change.ts';
import { RefusalNotice } from '../../parts/refusal-notice.tsx';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { useSubmit } from '../../parts/use-submit.ts';
import { partTexts, recoveryTexts } from '../../texts.ts';
import { ChangePlan } from '../../decision/change-plan.tsx';
import { modificationsOf, noChanges, type Step } from '../../decision/plan-changes.ts';
import type { RecoveryApproval } from './one-recovery.tsx';

const words = recoveryTexts.decide;

/** A person decides on a plan, with its changes, or on one step. `steps`: those of the plan; null for a step. */
export function Decide({
  approval,
  steps,
  onDecided,
}: {
  approval: RecoveryApproval;
  steps: readonly Step[] | null;
  onDecided: () => void;
}) {
  const id = useId();
  const viewer = useViewer();
  const respond = useChange(DecideRecoveryDocument);
  const { state, outcome, submit } = useSubmit();
  const [key] = useState(newKey);
  const [reason, setReason] = useState('');
  const [missing, setMissing] = useState(false);
  const [changes, setChanges] = useState(noChanges);
  const own = approval.requestedBy.id === viewer.id;
  const modifications = steps && modificationsOf(steps, changes);

  if (!viewer.has(approval.requiredRole))
    return <p className="faint">{partTexts.needsRole(approval.requiredRole)}</p>;

  const decide = async (verdict: 'APPROVE' | 'REJECT') => {
    const said = reason.trim();
    setMissing(verdict === 'REJECT' && said === '');
    if (verdict === 'REJECT' && said === '') return;
    const answer = await submit((options) =>
      respond(
        {
          id: approval.id,
          response: {
            verdict,
            idempotencyKey: `${key} ${verdict}`,
            ...(said !== '' && { reason: said }),
            ...(verdict === 'APPROVE' && modifications !== null && { modifications }),
          },
        },
        options,
      ),
    );
    if (answer?.kind === 'done') onDecided();
  };
  const mayApprove = !own || viewer.has('ADMIN');
  return (
    <form className="notice stack" onSubmit={(event) => event.preventDefault()}>
      {approval.note != null && (
        <div>
          <span className="faint">{words.noted}</span> <UntrustedText text={approval.note} />
        </div>
      )}
      {steps && mayApprove && <ChangePlan steps={steps} changes={changes} onChange={setChanges} />}
      {own && <p>{mayApprove ? words.ownAdmin : words.own}</p>}
      <label htmlFor={id}>
        {words.reason} <span className="faint">({partTexts.optional})</span>
      </label>
      <input
        id={id}
        value={reason}
        aria-invalid={missing}
        aria-describedby={missing ? `${id}-missing` : undefined}
        onChange={({ target }) => setReason(target.value)}
      />
      {missing && (
        <p id={`${id}-missing`} role="alert">
          {words.reasonNeeded}
        </p>
      )}
      {state === 'waiting' && <p role="status">{partTexts.unanswered}</p>}
      <RefusalNotice outcome={outcome} />
      <div className="actions">
        {mayApprove && (
          <button
            type="button"
            className="primary"
            disabled={state !== 'open'}
            onClick={() => void decide('APPROVE')}
          >
            {modifications === null ? words.approve : words.approveChanged}
          </button>
        )}
        <button
          type="button"
          className="danger"
          disabled={state !== 'open'}
          onClick={() => void decide('REJECT')}
        >
          {words.reject}
        </button>
      </div>
    </form>
  );
}
