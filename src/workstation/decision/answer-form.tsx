import { type FormEvent, useEffect, useId, useRef, useState } from 'react';
import { useViewer } from '../live/context.tsx';
import { parseJson } from '../parts/json-editor.tsx';
import { UntrustedText } from '../parts/untrusted-text.tsx';
import { texts } from '../texts.ts';
import type { Saying } from './answer-bar.tsx';
import { CustomFields, missingFields } from './custom-fields.tsx';
import { useDraft } from './drafts.ts';
import type { AskedIntervention } from './intervention-panel.tsx';
import type { UiConfig } from './ui-config.ts';

export interface FormValues {
  reason: string;
  text: string;
  level: number | undefined;
  modifications: unknown;
  fields: Record<string, unknown>;
}

/** Everything that goes with an answer: why, what instead, to whom, in whose name. */
export function AnswerForm({
  saying,
  asked,
  config,
  busy,
  hasForm,
  leavesForm,
  onClose,
  onCancel,
  onSubmit,
}: {
  saying: Saying;
  asked: AskedIntervention;
  config: UiConfig;
  busy: boolean;
  /** The answer itself is in the form of its schema, above. */
  hasForm: boolean;
  /** It has been filled in, and does not go with this. */
  leavesForm: boolean;
  /** What was written stays for the next time. */
  onClose: () => void;
  onCancel: () => void;
  onSubmit: (values: FormValues) => void;
}) {
  const viewer = useViewer();
  const form = useRef<HTMLFormElement>(null);
  const [reason, setReason] = useDraft(asked.id, 'reason', '');
  const [text, setText] = useDraft(asked.id, `${saying.kind} text`, '');
  const [level, setLevel] = useState<number | undefined>(undefined);
  const [signature, setSignature] = useState('');
  const [fields, setFields] = useDraft<Record<string, unknown>>(asked.id, 'fields', {});
  const [fault, setFault] = useState<string | null>(null);
  const [reasonId, textId, levelId, signId] = [useId(), useId(), useId(), useId()];
  const { kind } = saying;
  const decides = kind !== 'escalate';
  const needsReason = kind === 'escalate' || (config.flags.require_reason === true && kind !== 'respond');
  const needsText = kind === 'modify' || (kind === 'respond' && !hasForm);
  const needsSignature = decides && config.flags.require_signature === true;

  useEffect(() => {
    form.current?.querySelector<HTMLElement>('textarea, input, select, button')?.focus();
  }, [kind]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const missing = decides ? missingFields(config.fields, fields) : [];
    if (needsText && text.trim() === '') return setFault(texts.decision.textRequired);
    if (needsReason && reason.trim() === '') return setFault(texts.decision.reasonRequired);
    if (missing.length > 0) return setFault(texts.decision.fieldsRequired(missing.join(', ')));
    if (needsSignature && signature.trim() !== viewer.name)
      return setFault(texts.decision.signatureWrong(viewer.name));
    const signed = needsSignature ? texts.decision.signed(viewer.name) : '';
    const parsed = parseJson(text);
    onSubmit({
      reason: [reason.trim(), signed].filter((part) => part !== '').join('\n'),
      text: text.trim(),
      level,
      // Words are as good as JSON: the agent gets either as it was written.
      modifications: kind === 'modify' ? (parsed.ok ? parsed.value : text.trim()) : undefined,
      fields: decides ? fields : {},
    });
  };

  return (
    <form
      ref={form}
      className="card"
      onSubmit={submit}
      noValidate
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose();
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.current?.requestSubmit();
      }}
    >
      <h3>
        {saying.kind === 'option' ? (
          <>
            {texts.decision.said.option}: <UntrustedText text={saying.option.label} inline />
          </>
        ) : (
          texts.decision.said[saying.kind]
        )}
      </h3>
      {asked.urgency === 'CRITICAL' && decides && (
        <p className="notice notice-warn">{texts.decision.criticalTwice}</p>
      )}
      {leavesForm && <p className="notice">{texts.decision.formLeft}</p>}
      {(kind === 'modify' || kind === 'respond' || kind === 'option') && (
        <div className="field">
          <label htmlFor={textId}>{texts.decision.textLabels[kind]}</label>
          <textarea
            id={textId}
            rows={kind === 'option' ? 2 : 5}
            value={text}
            aria-required={needsText}
            onChange={({ target }) => setText(target.value)}
          />
        </div>
      )}
      {kind !== 'respond' && (
        <div className="field">
          <label htmlFor={reasonId}>
            {needsReason ? texts.decision.reason : texts.decision.reasonOptional}
          </label>
          <textarea
            id={reasonId}
            rows={2}
            value={reason}
            aria-required={needsReason}
            onChange={({ target }) => setReason(target.value)}
          />
        </div>
      )}
      {kind === 'escalate' && (
        <div className="field">
          <label htmlFor={levelId}>{texts.decision.level}</label>
          <select
            id={levelId}
            value={level ?? ''}
            onChange={({ target }) => setLevel(target.value === '' ? undefined : Number(target.value))}
          >
            <option value="">{texts.decision.nextLevel}</option>
            {texts.decision.levels.map((name, index) =>
              index + 1 > (asked.escalationLevel ?? 0) ? (
                <option key={name} value={index + 1}>
                  {name}
                </option>
              ) : null,
            )}
          </select>
        </div>
      )}
      {decides && config.fields.length > 0 && (
        <CustomFields fields={config.fields} values={fields} onChange={setFields} />
      )}
      {needsSignature && (
        <div className="field">
          <label htmlFor={signId}>{texts.decision.signature(viewer.name)}</label>
          <input
            id={signId}
            type="text"
            autoComplete="off"
            value={signature}
            onChange={({ target }) => setSignature(target.value)}
          />
        </div>
      )}
      {fault !== null && (
        <p className="fault" role="alert">
          {fault}
        </p>
      )}
      <div className="actions">
        <button type="submit" className="primary" disabled={busy}>
          {texts.decision.said[kind]}
        </button>
        <button type="button" onClick={onCancel}>
          {texts.cancel}
        </button>
        <span className="faint">{texts.decision.submitHint}</span>
      </div>
    </form>
  );
}
