import { Link } from '@tanstack/react-router';
import { StateBadge } from '../../parts/state-badge.tsx';
import { UntrustedJson } from '../../parts/untrusted-json.tsx';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { recoveryTexts } from '../../texts.ts';
import { Decide } from './decide.tsx';
import type { Recovery, RecoveryApproval } from './one-recovery.tsx';
import { TakeStep } from './take-step.tsx';
import './recovery.css';

const words = recoveryTexts.plan;
type Step = Recovery['steps'][number];

/** As a checklist mark: what is behind, what is under way, what went wrong. The words say the same. */
const marks: Readonly<Record<Step['status'], string>> = {
  PENDING: '☐',
  WAITING_APPROVAL: '☐',
  APPROVED: '☐',
  RUNNING: '◐',
  COMPLETED: '☑',
  SKIPPED: '⊘',
  FAILED: '☒',
  REJECTED: '☒',
};

export function Plan({
  recovery,
  approvals,
  onChanged,
}: {
  recovery: Recovery;
  approvals: readonly RecoveryApproval[];
  onChanged: () => void;
}) {
  const plan = approvals.find(({ kind }) => kind === 'RECOVERY_PLAN');
  return (
    <section className="card" aria-labelledby="plan">
      <h2 id="plan">{words.title}</h2>
      {plan && (
        <div className="stack">
          <ApprovalLine approval={plan} label={words.planApproval} />
          {plan.status === 'PENDING' && (
            <Decide key={plan.id} approval={plan} steps={recovery.steps} onDecided={onChanged} />
          )}
        </div>
      )}
      <ol className="steps">
        {recovery.steps.map((step) => (
          <OneStep
            key={step.id}
            step={step}
            recovery={recovery}
            approval={approvals.find((each) => each.step?.id === step.id)}
            onChanged={onChanged}
          />
        ))}
      </ol>
    </section>
  );
}

function ApprovalLine({ approval, label }: { approval: RecoveryApproval; label: string }) {
  return (
    <p className="row-head">
      <Link to="/approvals/$id" params={{ id: approval.id }}>
        {label}
      </Link>
      <StateBadge state={approval.status} />
      {approval.decisions.map(({ decidedBy, decidedAt }) => (
        <span key={decidedAt} className="faint">
          <UntrustedText text={words.by(decidedBy.name)} inline />
        </span>
      ))}
      {approval.rejectionReason != null && (
        <span>
          {words.rejected} <UntrustedText text={approval.rejectionReason} inline />
        </span>
      )}
    </p>
  );
}

function OneStep({
  step,
  recovery,
  approval,
  onChanged,
}: {
  step: Step;
  recovery: Recovery;
  approval: RecoveryApproval | undefined;
  onChanged: () => void;
}) {
  const current = recovery.currentStep?.id === step.id;
  const under = ['IN_PROGRESS', 'FAILED'].includes(recovery.status);
  return (
    <li className="step" aria-current={current ? 'step' : undefined} data-step={step.action}>
      <p className="row-head">
        <span aria-hidden="true">{marks[step.status]}</span>
        <strong>
          <UntrustedText text={step.title} inline />
        </strong>
        <StateBadge state={step.status} />
        {current && <span className="faint">{words.current}</span>}
      </p>
      <UntrustedText text={step.description} />
      {step.error != null && (
        <div className="notice notice-bad">
          {words.error} <UntrustedText text={step.error} />
        </div>
      )}
      <Noted result={step.result} />
      {Object.keys((step.parameters ?? {}) as object).length > 0 && (
        <UntrustedJson label={words.parameters} value={step.parameters} />
      )}
      {step.result != null && <UntrustedJson label={words.result} value={step.result} />}
      {approval && <ApprovalLine approval={approval} label={words.approval} />}
      {approval?.status === 'PENDING' && (
        <Decide key={approval.id} approval={approval} steps={null} onDecided={onChanged} />
      )}
      {current && under && (
        <TakeStep key={`${step.id} ${step.status}`} step={step} recovery={recovery} onTaken={onChanged} />
      )}
    </li>
  );
}

/** What a person wrote down about a step. */
function Noted({ result }: { result: unknown }) {
  const { note } = (result ?? {}) as { note?: unknown };
  if (typeof note !== 'string') return null;
  return (
    <div>
      <span className="faint">{words.note}:</span> <UntrustedText text={note} />
    </div>
  );
}
