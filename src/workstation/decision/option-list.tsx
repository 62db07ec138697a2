import { UntrustedText } from '../parts/untrusted-text.tsx';
import { texts } from '../texts.ts';
import type { AskedIntervention } from './intervention-panel.tsx';
import type { UiConfig } from './ui-config.ts';

type Option = AskedIntervention['options'][number];

/** What an option says of its own effects. */
const IMPACT = [
  'budget_impact',
  'cost',
  'estimated_cost',
  'risk_level',
  'confidence',
  'confidence_score',
  'estimated_time',
  'resource_requirements',
  'compliance_impact',
  'escalation_level',
] as const;

/** What can be chosen, with the key that chooses it, what it would lead to, and which one is recommended. */
export function OptionList({
  options,
  config: { flags },
  frozen,
  onChoose,
}: {
  options: readonly Option[];
  config: UiConfig;
  frozen: boolean;
  onChoose: (option: Option) => void;
}) {
  const rows = options.map((option, index) => (
    <OptionRow
      key={option.id}
      option={option}
      digit={index < 9 ? index + 1 : null}
      impact={flags.show_impact_analysis !== false}
      blocked={
        (frozen && option.category !== 'ESCALATION') || (option.disabled && flags.allow_override === false)
      }
      onChoose={() => onChoose(option)}
    />
  ));
  const recommended = options.findIndex((option) => option.recommended);
  if (flags.show_alternatives !== false || recommended === -1)
    return (
      <ol className="options" aria-label={texts.decision.options}>
        {rows}
      </ol>
    );
  return (
    <>
      <ol className="options" aria-label={texts.decision.options}>
        {rows[recommended]}
      </ol>
      <details>
        <summary>{texts.decision.alternatives(options.length - 1)}</summary>
        <ol className="options">{rows.filter((_row, index) => index !== recommended)}</ol>
      </details>
    </>
  );
}

function OptionRow({
  option,
  digit,
  impact,
  blocked,
  onChoose,
}: {
  option: Option;
  digit: number | null;
  impact: boolean;
  blocked: boolean;
  onChoose: () => void;
}) {
  const metadata = option.metadata as Record<string, unknown>;
  const effects = IMPACT.filter((name) => metadata[name] !== undefined && metadata[name] !== null);
  return (
    <li className={option.recommended ? 'option option-recommended' : 'option'}>
      <button type="button" disabled={blocked} onClick={onChoose}>
        {digit !== null && <kbd aria-hidden="true">{digit}</kbd>}
        <UntrustedText text={option.label} inline />
      </button>
      <div>
        {option.recommended && <span className="badge badge-good">{texts.decision.recommended}</span>}{' '}
        {option.disabled && (
          <span className="badge badge-warn">
            {texts.decision.disabled} <UntrustedText text={option.disabledReason ?? ''} inline />
          </span>
        )}
        {option.description !== '' && <UntrustedText text={option.description} />}
        {impact && effects.length > 0 && (
          <dl className="facts impact">
            {effects.map((name) => (
              <div key={name}>
                <dt>{name.replaceAll('_', ' ')}</dt>
                <dd>
                  <UntrustedText text={plain(metadata[name])} inline />
                </dd>
              </div>
            ))}
          </dl>
        )}
      </div>
    </li>
  );
}

const plain = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
