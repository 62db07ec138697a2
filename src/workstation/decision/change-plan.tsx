import { useId, useState } from 'react';
import { UntrustedText } from '../parts/untrusted-text.tsx';
import { recoveryTexts } from '../texts.ts';
import {
  limitNames,
  mayBeLeftOut,
  type PlanChanges,
  sessionsOf,
  type Step,
  tasksOf,
} from './plan-changes.ts';

const words = recoveryTexts.decide;
/** Fates that are shown at once: a stop may have halted thousands. */
const SHOWN = 50;

/** What an approver may change of a plan before approving it. */
export function ChangePlan({
  steps,
  changes,
  open = false,
  onChange,
}: {
  steps: readonly Step[];
  changes: PlanChanges;
  open?: boolean;
  onChange: (changes: PlanChanges) => void;
}) {
  const id = useId();
  const tasks = tasksOf(steps);
  const sessions = sessionsOf(steps);
  return (
    <details open={open}>
      <summary>{words.change}</summary>
      <fieldset>
        <legend>{words.skip}</legend>
        {steps.filter(mayBeLeftOut).map((step) => (
          <label key={step.id} className="check">
            <input
              type="checkbox"
              checked={changes.skip.includes(step.id)}
              onChange={({ target }) =>
                onChange({
                  ...changes,
                  skip: target.checked
                    ? [...changes.skip, step.id]
                    : changes.skip.filter((each) => each !== step.id),
                })
              }
            />
            <UntrustedText text={step.title} inline />
          </label>
        ))}
      </fieldset>
      <fieldset className="filters">
        <legend>{words.limits}</legend>
        {limitNames.map((name) => (
          <label key={name}>
            {words.limit[name]}
            <input
              inputMode="decimal"
              size={12}
              value={changes.limits[name] ?? ''}
              aria-describedby={`${id}-limits`}
              onChange={({ target }) =>
                onChange({ ...changes, limits: { ...changes.limits, [name]: target.value } })
              }
            />
          </label>
        ))}
        <p id={`${id}-limits`} className="faint">
          {words.limitHint}
        </p>
      </fieldset>
      {tasks.length > 0 && (
        <Fates
          legend={words.tasks}
          fates={['REQUEUE', 'ABANDON']}
          items={tasks.map(({ agentName, was, why, ...task }) => ({
            ...task,
            label: `${agentName}, ${words.was(was)}: ${why}`,
          }))}
          wanted={changes.tasks}
          onChange={(moved) => onChange({ ...changes, tasks: moved })}
        />
      )}
      {sessions.length > 0 && (
        <Fates
          legend={words.sessions}
          fates={['RESUME', 'ABANDON']}
          items={sessions.map(({ was, ...session }) => ({
            ...session,
            label: `${session.id}, ${words.was(was)}`,
          }))}
          wanted={changes.sessions}
          onChange={(moved) => onChange({ ...changes, sessions: moved })}
        />
      )}
    </details>
  );
}

function Fates<Fate extends keyof typeof words.fates>({
  legend,
  fates,
  items,
  wanted,
  onChange,
}: {
  legend: string;
  fates: readonly Fate[];
  items: readonly { id: string; label: string; fate: Fate }[];
  wanted: Readonly<Record<string, Fate>>;
  onChange: (wanted: Record<string, Fate>) => void;
}) {
  const [shown, setShown] = useState(SHOWN);
  return (
    <fieldset>
      <legend>{legend}</legend>
      {items.slice(0, shown).map(({ id, label, fate }) => (
        <label key={id} className="fate">
          <UntrustedText text={label} inline />
          <select
            value={wanted[id] ?? fate}
            onChange={({ target }) =>
              onChange({ ...wanted, [id]: fates.find((each) => each === target.value) ?? fate })
            }
          >
            {fates.map((each) => (
              <option key={each} value={each}>
                {words.fates[each]}
              </option>
            ))}
          </select>
        </label>
      ))}
      {items.length > shown && (
        <button type="button" className="quiet" onClick={() => setShown(shown + SHOWN)}>
          {words.more(Math.min(SHOWN, items.length - shown))}
        </button>
      )}
    </fieldset>
  );
}
