import { UntrustedText } from '../parts/untrusted-text.tsx';
import { texts } from '../texts.ts';
import type { AskedIntervention } from './intervention-panel.tsx';
import { type Effect, effectsIn } from './option-effects.ts';
import type { UiConfig } from './ui-config.ts';

type Option = AskedIntervention['options'][number];

/** So many are beside an option; what is more is folded. */
const SHOWN = 12;
/** More letters than this take a line of their own. */
const SHORT = 80;

/** An option of such a value counts as that answer (behaviour 3.5): two ways to say one thing are to look like it. */
const SAME = { approve: texts.decision.said.approve, reject: texts.decision.said.reject } as const;

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
  const effects = impact ? effectsIn(option.metadata) : [];
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
        {Object.hasOwn(SAME, option.value) && (
          <span className="faint">{texts.decision.sameAs(SAME[option.value as keyof typeof SAME])}</span>
        )}
        {option.description !== '' && <UntrustedText text={option.description} brief />}
        {effects.length > 0 && <Effects effects={effects.slice(0, SHOWN)} />}
        {effects.length > SHOWN && (
          <details>
            <summary>{texts.decision.moreEffects(effects.length - SHOWN)}</summary>
            <Effects effects={effects.slice(SHOWN)} />
          </details>
        )}
      </div>
    </li>
  );
}

function Effects({ effects }: { effects: readonly Effect[] }) {
  return (
    <dl className="facts impact">
      {effects.map(({ name, text }) => (
        <div key={name} className={text.length > SHORT ? 'impact-long' : ''}>
          <dt>
            <UntrustedText text={name.replaceAll('_', ' ')} inline />
          </dt>
          <dd>
            <UntrustedText text={text} inline={text.length <= SHORT} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
