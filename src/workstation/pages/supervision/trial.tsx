import { useId, useState } from 'react';
import { SimulateSupervisionDocument } from '../../generated/graphql.ts';
import type { Fault } from '../../live/fault.ts';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { plainly } from '../../parts/marks.ts';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { useAsk } from '../../parts/use-ask.ts';
import { supervisionTexts as words, texts } from '../../texts.ts';

const EVENT = `{
  "agentName": "coder",
  "type": "tool_call",
  "metrics": {"confidence_score": 0.6, "cost": 1200},
  "context": {}
}`;

/** As triggers/simulate.ts tells it. */
interface Told {
  directive: 'CONTINUE' | 'PAUSE' | 'HALT';
  trigger?: string;
  about?: string | null;
  undecided?: string | null;
  type?: string;
  urgency?: string;
  message?: string;
  options?: { id: string; label: string; description: string; disabledReason?: string }[];
  terms?: {
    timeout: number;
    autoContinue: boolean;
    requireReason: boolean;
    escalation: { automatic: boolean; levels: { role: string }[] };
  };
}

type Outcome =
  | { kind: 'told'; told: Told }
  | { kind: 'faults'; faults: readonly string[] }
  | { kind: 'failed'; fault: Fault };

/** What the text in the editor would ask about an event. */
export function Trial({ teamId, yaml }: { teamId: string; yaml: string }) {
  const ask = useAsk(SimulateSupervisionDocument);
  const [event, setEvent] = useState(EVENT);
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<{ of: string; outcome: Outcome } | null>(null);
  const field = useId();
  const of = `${event}\n${yaml}`;

  const tryIt = async () => {
    let value: unknown;
    try {
      value = JSON.parse(event);
    } catch (error) {
      const why = words.notJson((error as Error).message);
      return setOutcome({ of, outcome: { kind: 'faults', faults: [why] } });
    }
    setBusy(true);
    const answer = await ask({ id: teamId, yaml, event: value });
    setBusy(false);
    if (answer.kind === 'failed') return setOutcome({ of, outcome: answer });
    const { faults, eventFaults, answer: told } = answer.data.simulateSupervision;
    setOutcome({
      of,
      outcome:
        told === null
          ? { kind: 'faults', faults: [...(faults.length > 0 ? [words.textFaults] : []), ...eventFaults] }
          : { kind: 'told', told: told as Told },
    });
  };

  return (
    <section className="card" aria-labelledby={`${field}-title`}>
      <h2 id={`${field}-title`}>{words.tryTitle}</h2>
      <p className="faint">{words.tryLead}</p>
      <label htmlFor={field}>{words.event}</label>
      <textarea
        id={field}
        className="mono"
        rows={7}
        spellCheck={false}
        value={event}
        onChange={({ target }) => setEvent(target.value)}
      />
      <div className="actions">
        <button type="button" disabled={busy} onClick={() => void tryIt()}>
          {words.tryIt}
        </button>
      </div>
      <div role="status">{outcome?.of === of && <OutcomeOf outcome={outcome.outcome} />}</div>
    </section>
  );
}

function OutcomeOf({ outcome }: { outcome: Outcome }) {
  if (outcome.kind === 'failed') return <FaultNotice fault={outcome.fault} />;
  if (outcome.kind === 'faults')
    return (
      <ul className="notice notice-bad">
        {outcome.faults.map((fault) => (
          <li key={fault}>{plainly(fault)}</li>
        ))}
      </ul>
    );
  const { told } = outcome;
  if (told.directive === 'CONTINUE') return <p className="notice notice-good">{words.continues}</p>;
  if (told.directive === 'HALT') return <p className="notice notice-bad">{words.halts}</p>;
  return (
    <div className="notice notice-warn">
      <p>
        <strong>{words.pauses}</strong>
      </p>
      {told.undecided && <p>{plainly(told.undecided)}</p>}
      <dl className="facts">
        <dt>{words.trigger}</dt>
        <dd>
          <code>{plainly(told.trigger ?? '')}</code>
        </dd>
        <dt>{words.type}</dt>
        <dd>{told.type}</dd>
        <dt>{words.urgency}</dt>
        <dd>{told.urgency}</dd>
        <dt>{words.message}</dt>
        <dd>
          <UntrustedText text={told.message ?? ''} />
        </dd>
        <dt>{words.options}</dt>
        <dd>{told.options?.map(({ id, label }) => plainly(label) || id).join(' · ') || texts.none}</dd>
        {told.terms && (
          <>
            <dt>{words.timeout}</dt>
            <dd>{words.seconds(told.terms.timeout)}</dd>
            <dt>{words.unanswered}</dt>
            <dd>{unanswered(told.terms)}</dd>
            {told.terms.requireReason && (
              <>
                <dt>{words.reason}</dt>
                <dd>{words.reasonNeeded}</dd>
              </>
            )}
          </>
        )}
      </dl>
    </div>
  );
}

function unanswered({ autoContinue, escalation }: NonNullable<Told['terms']>): string {
  if (autoContinue) return words.continuesAlone;
  if (!escalation.automatic || escalation.levels.length === 0) return words.timesOut;
  return words.levels(escalation.levels.map(({ role }) => role).join(', '));
}
