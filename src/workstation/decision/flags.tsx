import { UntrustedText } from '../parts/untrusted-text.tsx';
import { texts } from '../texts.ts';

export interface FlagShown {
  category: string;
  code: string;
  level: 'LOW' | 'MEDIUM' | 'HIGH' | 'CRITICAL';
  message: string;
  evidence: string | null;
}

const LEVELS = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW'];
const BADGE = {
  CRITICAL: 'badge badge-bad',
  HIGH: 'badge badge-bad',
  MEDIUM: 'badge badge-warn',
  LOW: 'badge',
};

/** What speaks against it, the gravest first. */
export function Flags({ title, flags }: { title: string; flags: readonly FlagShown[] }) {
  return (
    <section className="card">
      <h3>{title}</h3>
      {flags.length === 0 ? (
        <p className="faint">{texts.decision.noFlags}</p>
      ) : (
        <ul className="flags">
          {flags
            .toSorted((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level))
            .map((flag) => (
              <li key={`${flag.code} ${flag.message} ${flag.evidence}`}>
                <span className={BADGE[flag.level]}>{texts.decision.levelsOfRisk[flag.level]}</span>{' '}
                <UntrustedText text={flag.message} inline />
                {flag.evidence !== null && (
                  <blockquote>
                    <UntrustedText text={flag.evidence} inline />
                  </blockquote>
                )}
              </li>
            ))}
        </ul>
      )}
    </section>
  );
}
