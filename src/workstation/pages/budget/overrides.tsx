import { Link } from '@tanstack/react-router';
import { useId, useState } from 'react';
import {
  AskForBudgetDocument,
  type AskForBudgetMutation,
  BudgetOverridesDocument,
} from '../../generated/graphql.ts';
import { useViewer } from '../../live/context.tsx';
import { newKey, useChange } from '../../live/use-change.ts';
import { useLive } from '../../live/use-live.ts';
import { measureOf } from '../../parts/budget-line.tsx';
import { amount, unitsOf } from '../../parts/decimal.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { SubmitRow } from '../../parts/submit-row.tsx';
import { instant } from '../../parts/time.ts';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { useSubmit } from '../../parts/use-submit.ts';
import { budgetsTexts, partTexts } from '../../texts.ts';
import { limitFields } from './limits.ts';

const words = budgetsTexts.overrides;

/** What was asked for on top of the limits, and asking for it. It is decided on the approval's own page. */
export function Overrides({ projectId }: { projectId: string }) {
  const viewer = useViewer();
  const [asking, setAsking] = useState(false);
  const { data, fault, read } = useLive(
    BudgetOverridesDocument,
    { projectId },
    { on: (event) => event.projectId === projectId && /^(budget_overr|approval_)/.test(event.type) },
  );
  return (
    <section className="card" aria-labelledby="overrides">
      <h2 id="overrides">{words.title}</h2>
      <p className="faint">{words.lead}</p>
      {fault && <FaultNotice fault={fault} stale={data !== undefined} onRetry={read} />}
      {viewer.has('OPERATOR') ? (
        <div className="actions">
          <button type="button" onClick={() => setAsking(true)}>
            {words.ask}
          </button>
        </div>
      ) : (
        <p className="faint">{partTexts.needsRole('OPERATOR')}</p>
      )}
      {data?.approvals.nodes.length === 0 && <p className="faint">{words.none}</p>}
      <ul className="plain-list">
        {data?.approvals.nodes.map(
          (override) =>
            override.__typename === 'BudgetOverride' && (
              <li key={override.id} className="stack" data-override={override.id}>
                <p className="row-head">
                  <Link to="/approvals/$id" params={{ id: override.id }}>
                    {words.one(
                      amount(unitsOf(override.requestedAmount), measureOf(override.limitType)),
                      budgetsTexts.line[override.limitType],
                    )}
                  </Link>
                  <StateBadge state={override.status} />
                  <span className="faint">
                    {words.by} <UntrustedText text={override.requestedBy.name} inline /> ·{' '}
                    {instant(override.createdAt)}
                  </span>
                </p>
                <UntrustedText text={override.justification} />
              </li>
            ),
        )}
      </ul>
      {asking && (
        <AskDialog
          projectId={projectId}
          onClose={() => {
            setAsking(false);
            read();
          }}
        />
      )}
    </section>
  );
}

function AskDialog({ projectId, onClose }: { projectId: string; onClose: () => void }) {
  const id = useId();
  const ask = useChange(AskForBudgetDocument);
  const submission = useSubmit<AskForBudgetMutation>();
  const [key] = useState(newKey);
  const [type, setType] = useState<(typeof limitFields)[number]['type']>('COST_DAILY');
  const [wanted, setWanted] = useState('');
  const [why, setWhy] = useState('');
  const submit = async () => {
    const answer = await submission.submit((options) =>
      ask(
        {
          input: {
            projectId,
            limitType: type,
            requestedAmount: wanted.trim(),
            justification: why.trim(),
            idempotencyKey: key,
          },
        },
        options,
      ),
    );
    if (answer?.kind === 'done') onClose();
  };
  return (
    <Dialog title={words.dialog} onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <label htmlFor={`${id}-line`}>{words.line}</label>
        <select
          id={`${id}-line`}
          value={type}
          onChange={({ target }) =>
            setType(limitFields.find((each) => each.type === target.value)?.type ?? 'COST_DAILY')
          }
        >
          {limitFields.map((each) => (
            <option key={each.type} value={each.type}>
              {budgetsTexts.line[each.type]}
            </option>
          ))}
        </select>
        <label htmlFor={`${id}-amount`}>{words.amount[measureOf(type)]}</label>
        <input
          id={`${id}-amount`}
          required
          inputMode="decimal"
          autoComplete="off"
          value={wanted}
          onChange={({ target }) => setWanted(target.value)}
        />
        <label htmlFor={`${id}-why`}>{words.why}</label>
        <textarea
          id={`${id}-why`}
          required
          rows={3}
          value={why}
          aria-describedby={`${id}-hint`}
          onChange={({ target }) => setWhy(target.value)}
        />
        <p id={`${id}-hint`} className="faint">
          {words.whyHint}
        </p>
        <SubmitRow submission={submission} action={words.action} onCancel={onClose} />
      </form>
    </Dialog>
  );
}
