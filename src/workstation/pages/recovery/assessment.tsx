import { instant } from '../../parts/time.ts';
import { UntrustedJson } from '../../parts/untrusted-json.tsx';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { emergencyTexts, recoveryTexts } from '../../texts.ts';

const words = recoveryTexts.assessment;

interface Counted {
  count?: number;
}

/** What of an assessment is said in sentences; its form is the API's, and whatever else it has is shown whole. */
interface Known {
  assessedAt?: string;
  conditions?: readonly {
    condition: keyof typeof emergencyTexts.condition;
    cleared: boolean;
    finding: string;
  }[];
  halted?: {
    sessions?: Counted;
    tasks?: Counted & { outcomeUnknown?: Counted };
    frozenInterventions?: number;
    frozenApprovals?: Readonly<Record<string, number>>;
  };
  errors?: Counted;
  flaggedAnswers?: Counted;
}

/** Nothing measures these: that they do not speak against lifting the stop is no finding, but for people to judge. */
const PEOPLES: readonly string[] = ['MANUAL_STOP', 'RESOURCE_EXHAUSTION'];

function Finding({ condition, cleared }: { condition: string; cleared: boolean }) {
  if (!cleared) return <span className="badge badge-bad">{words.holds}</span>;
  if (PEOPLES.includes(condition)) return <span className="badge">{words.peoples}</span>;
  return <span className="badge badge-good">{words.cleared}</span>;
}

/** What there is to know before a plan is decided on. */
export function Assessment({ assessment }: { assessment: unknown }) {
  const { assessedAt, conditions = [], halted = {}, errors, flaggedAnswers } = (assessment ?? {}) as Known;
  const approvals = Object.values(halted.frozenApprovals ?? {}).reduce((sum, count) => sum + count, 0);
  const unknown = halted.tasks?.outcomeUnknown?.count ?? 0;
  return (
    <section className="card" aria-labelledby="assessment">
      <h2 id="assessment">{words.title}</h2>
      {assessedAt !== undefined && <p className="faint">{words.at(instant(assessedAt))}</p>}
      <ul className="plain-list">
        {conditions.map(({ condition, cleared, finding }) => (
          <li key={condition}>
            <strong>{emergencyTexts.condition[condition] ?? condition}</strong>{' '}
            <Finding condition={condition} cleared={cleared} /> <UntrustedText text={finding} inline />
          </li>
        ))}
      </ul>
      <p>{words.halted(halted.sessions?.count ?? 0, halted.tasks?.count ?? 0)}</p>
      <p>{words.frozen(halted.frozenInterventions ?? 0, approvals)}</p>
      {unknown > 0 && <p className="notice notice-warn">{words.unknown(unknown)}</p>}
      {(errors?.count ?? 0) > 0 && <p>{words.errors(errors?.count ?? 0)}</p>}
      {(flaggedAnswers?.count ?? 0) > 0 && (
        <p className="notice notice-warn">{words.flagged(flaggedAnswers?.count ?? 0)}</p>
      )}
      <UntrustedJson label={words.whole} value={assessment} />
    </section>
  );
}
