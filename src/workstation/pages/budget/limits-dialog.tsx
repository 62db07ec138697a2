import { useId, useState } from 'react';
import { SetLimitsDocument } from '../../generated/graphql.ts';
import { useChange } from '../../live/use-change.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { SubmitRow } from '../../parts/submit-row.tsx';
import { useSubmit } from '../../parts/use-submit.ts';
import { budgetsTexts } from '../../texts.ts';
import { changedLimits, type LimitFault, limitFields, type LimitName, limitsOf } from './limits.ts';
import type { Budget } from './page.tsx';

const words = budgetsTexts.limits;

type Faults = Partial<Record<LimitName, LimitFault>> & { zone?: true; form?: string };

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
  const [faults, setFaults] = useState<Faults>({});

  const submit = async () => {
    const { changed, faults: found } = changedLimits(before.limits, limits);
    const wanted = zone.trim() === before.zone ? {} : { timeZone: zone.trim() };
    if (Object.keys(found).length > 0) return setFaults({ ...found, form: words.faulty });
    if (Object.keys({ ...changed, ...wanted }).length === 0) return setFaults({ form: words.nothing });
    setFaults({});
    // Said once: heard late, it would undo what somebody else has set meanwhile.
    const answer = await submission.submit(() => set({ projectId, limits: { ...changed, ...wanted } }));
    if (answer?.kind === 'done') onClose();
    // Which zones there are the server knows best.
    if (answer?.kind === 'refused' && answer.errors.every(({ path }) => path?.at(-1) === 'timeZone'))
      setFaults({ zone: true });
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
              aria-invalid={faults[name] !== undefined}
              aria-describedby={`${id}-${name}-fault`}
              onChange={({ target }) => setLimits({ ...limits, [name]: target.value })}
            />
            <span id={`${id}-${name}-fault`} className="form-fault">
              {faults[name] !== undefined && words[faults[name]]}
            </span>
          </p>
        ))}
        <label htmlFor={`${id}-zone`}>{words.zone}</label>
        <input
          id={`${id}-zone`}
          value={zone}
          aria-invalid={faults.zone === true}
          aria-describedby={`${id}-zone-fault`}
          onChange={({ target }) => setZone(target.value)}
        />
        <span id={`${id}-zone-fault`} className="form-fault" role="alert">
          {faults.zone === true && words.noZone}
        </span>
        {faults.form !== undefined && <p role="alert">{faults.form}</p>}
        <SubmitRow
          submission={faults.zone === true ? { ...submission, outcome: null } : submission}
          action={words.action}
          onCancel={onClose}
        />
      </form>
    </Dialog>
  );
}
