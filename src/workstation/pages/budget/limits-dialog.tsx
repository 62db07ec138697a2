import { useId, useState } from 'react';
import { SetLimitsDocument } from '../../generated/graphql.ts';
import { useChange } from '../../live/use-change.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { SubmitRow } from '../../parts/submit-row.tsx';
import { useSubmit } from '../../parts/use-submit.ts';
import { budgetsTexts } from '../../texts/budgets.ts';
import { changedLimits, limitFields, type LimitName, limitsOf } from './limits.ts';
import type { Budget } from './page.tsx';

const words = budgetsTexts.limits;

/** Sets the limits that are written otherwise than they are, and none else: somebody may be changing the others. */
export function LimitsDialog({
  projectId,
  budget,
  onClose,
}: {
  projectId: string;
  budget: Budget;
  onClose: () => void;
}) {
  const id = useId();
  const set = useChange(SetLimitsDocument);
  const submission = useSubmit();
  const [before] = useState(() => ({ limits: limitsOf(budget.lines), zone: budget.timeZone }));
  const [limits, setLimits] = useState<Record<LimitName, string>>(before.limits);
  const [zone, setZone] = useState(before.zone);
  const [fault, setFault] = useState<string | null>(null);

  const submit = async () => {
    const changed = changedLimits(before.limits, limits);
    const wanted = zone.trim() === before.zone ? {} : { timeZone: zone.trim() };
    if (changed === null) return setFault(words.whole);
    if (Object.keys({ ...changed, ...wanted }).length === 0) return setFault(words.nothing);
    setFault(null);
    // Said once: heard late, it would undo what somebody else has set meanwhile.
    const answer = await submission.submit(() => set({ projectId, limits: { ...changed, ...wanted } }));
    if (answer?.kind === 'done') onClose();
  };
  return (
    <Dialog title={words.title} onClose={onClose}>
      <p>{words.lead}</p>
      <form
        className="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {limitFields.map(({ name, type }) => (
          <p key={name} className="stack">
            <label htmlFor={`${id}-${name}`}>{budgetsTexts.line[type]}</label>
            <input
              id={`${id}-${name}`}
              inputMode="decimal"
              autoComplete="off"
              value={limits[name]}
              onChange={({ target }) => setLimits({ ...limits, [name]: target.value })}
            />
          </p>
        ))}
        <label htmlFor={`${id}-zone`}>{words.zone}</label>
        <input id={`${id}-zone`} value={zone} onChange={({ target }) => setZone(target.value)} />
        {fault !== null && <p role="alert">{fault}</p>}
        <SubmitRow submission={submission} action={words.action} onCancel={onClose} />
      </form>
    </Dialog>
  );
}
