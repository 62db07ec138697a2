import { useMemo, useState } from 'react';
import { useViewer } from '../live/context.tsx';
import { useKeys } from '../parts/keys.ts';
import { UntrustedText } from '../parts/untrusted-text.tsx';
import { texts } from '../texts.ts';
import { AnswerForm, type FormValues } from './answer-form.tsx';
import { dropDraft, useDraft } from './drafts.ts';
import type { AskedIntervention } from './intervention-panel.tsx';
import { LastResult } from './last-result.tsx';
import { OptionList } from './option-list.tsx';
import { beginning, faultsIn, type Schema, type SchemaFault } from './schema-fields.ts';
import { SchemaForm } from './schema-form.tsx';
import type { UiConfig } from './ui-config.ts';
import { useDecide } from './use-decide.ts';
import type { Verdict } from './verdict.ts';

type Option = AskedIntervention['options'][number];
/** What is being said and takes more than a press. */
export type Saying =
  | { kind: 'approve' | 'reject' | 'modify' | 'escalate' | 'respond' }
  | { kind: 'option'; option: Option };

/** Every way to answer a request: one press where that says it all, a form where it does not. */
export function AnswerBar({
  asked,
  config,
  onDecided,
}: {
  asked: AskedIntervention;
  config: UiConfig;
  onDecided: (() => void) | undefined;
}) {
  const viewer = useViewer();
  const { say, busy, last, ready } = useDecide(
    { id: asked.id, kind: 'intervention', title: asked.message.slice(0, 300) },
    onDecided,
  );
  const [saying, setSaying] = useState<Saying | null>(null);
  const schema = asked.responseSchema as Schema | null;
  const [answer, setAnswer] = useDraft<unknown>(asked.id, 'answer', () =>
    schema === null ? undefined : beginning(schema),
  );
  const [touched, setTouched] = useDraft(asked.id, 'touched', false);
  const [checked, setChecked] = useState(false);
  const faults = useMemo<SchemaFault[]>(
    () => (schema !== null && checked ? faultsIn(schema, answer) : []),
    [schema, checked, answer],
  );

  const { flags, fields } = config;
  /** Answering takes the role that it was asked of by now; sending it up does not. */
  const mayAnswer = viewer.has(asked.requiredRole === 'AGENT' ? 'OPERATOR' : asked.requiredRole);
  const mayModify = flags.allow_modifications !== false;
  const isMine = asked.claimedBy?.id === viewer.id;
  /** Whether a press alone may say it: nothing to give with it, nothing that must be thought of twice. */
  const plain = (kind: Saying['kind']): boolean =>
    (kind === 'approve' || kind === 'reject' || kind === 'option') &&
    flags.require_reason !== true &&
    flags.require_signature !== true &&
    !fields.some(({ required }) => required) &&
    asked.urgency !== 'CRITICAL';

  const start = (next: Saying) => {
    // What is being written is sent or left first.
    if (busy || saying !== null) return;
    if (!mayAnswer && next.kind !== 'escalate') return;
    if (next.kind === 'approve' && asked.frozen) return;
    if (next.kind === 'option' && next.option.disabled && flags.allow_override === false) return;
    if (next.kind === 'respond' && schema !== null) {
      setChecked(true);
      // What is wrong in the form is told before anything else is asked.
      if (faultsIn(schema, answer).length > 0) return;
    }
    if (
      plain(next.kind) &&
      !(next.kind === 'option' && next.option.disabled) &&
      !(touched && schema !== null)
    )
      return void send(next, {
        reason: '',
        text: '',
        level: undefined,
        modifications: undefined,
        fields: {},
      });
    setSaying(next);
  };

  /** Whether the form goes with it, as it stands. What turns a request down needs no whole one. */
  const sendsForm = (kind: Saying['kind']): boolean => {
    if (schema === null) return false;
    if (kind === 'respond') return true;
    if (kind === 'approve' || kind === 'modify') return touched;
    return kind === 'reject' && touched && faultsIn(schema, answer).length === 0;
  };

  const send = async (what: Saying, values: FormValues): Promise<void> => {
    const given = sendsForm(what.kind) ? answer : undefined;
    if (sendsForm(what.kind) && faultsIn(schema, answer).length > 0) return setChecked(true);
    const written = !plain(what.kind) || touched || values.reason !== '';
    const result = await say(verdictOf(what, values, given, schema === null), written);
    if (result.state === 'done') setSaying(null);
    // The team wants a reason, which could not be seen here.
    if (result.code === 'REASON_REQUIRED') setSaying(what);
  };

  useKeys(texts.decision.keys, [
    ...asked.options.slice(0, 9).map((option, index) => ({
      keys: String(index + 1),
      label: texts.decision.chooseKey(index + 1),
      run: () => start({ kind: 'option', option }),
    })),
    { keys: 'a', label: texts.decision.said.approve, run: () => start({ kind: 'approve' }) },
    { keys: 'r', label: texts.decision.said.reject, run: () => start({ kind: 'reject' }) },
    ...(mayModify
      ? [{ keys: 'm', label: texts.decision.said.modify, run: () => start({ kind: 'modify' }) }]
      : []),
    { keys: 'e', label: texts.decision.said.escalate, run: () => start({ kind: 'escalate' }) },
    {
      keys: 'c',
      label: texts.inbox.claimKey,
      run: () => !busy && saying === null && mayAnswer && void say({ kind: isMine ? 'release' : 'claim' }),
    },
  ]);

  if (!viewer.has('OPERATOR')) return <p className="notice">{texts.decision.readsOnly}</p>;
  return (
    <section className="answer" aria-label={texts.decision.answer} data-ready={ready}>
      <LastResult itemId={asked.id} last={last} />
      {!mayAnswer && <p className="notice">{texts.decision.needsRole(texts.roles[asked.requiredRole])}</p>}
      {asked.options.length > 0 && (
        <OptionList
          options={asked.options}
          config={config}
          frozen={asked.frozen || !mayAnswer}
          onChoose={(option) => start({ kind: 'option', option })}
        />
      )}
      {schema !== null && (
        <fieldset className="card">
          <legend>{texts.form.title}</legend>
          <SchemaForm
            schema={schema}
            value={answer}
            faults={faults}
            onChange={(next) => {
              setTouched(true);
              setAnswer(next);
            }}
          />
        </fieldset>
      )}
      {saying === null ? (
        <div className="actions">
          {mayAnswer && (
            <>
              <button
                type="button"
                className="primary"
                disabled={busy || asked.frozen}
                onClick={() => start({ kind: 'approve' })}
              >
                {texts.decision.said.approve} <kbd aria-hidden="true">a</kbd>
              </button>
              <button
                type="button"
                className="danger"
                disabled={busy}
                onClick={() => start({ kind: 'reject' })}
              >
                {texts.decision.said.reject} <kbd aria-hidden="true">r</kbd>
              </button>
              {mayModify && (
                <button
                  type="button"
                  disabled={busy || asked.frozen}
                  onClick={() => start({ kind: 'modify' })}
                >
                  {texts.decision.said.modify} <kbd aria-hidden="true">m</kbd>
                </button>
              )}
              <button
                type="button"
                disabled={busy || asked.frozen}
                onClick={() => start({ kind: 'respond' })}
              >
                {schema === null ? texts.decision.ownWords : texts.decision.sendForm}
              </button>
            </>
          )}
          <button type="button" disabled={busy} onClick={() => start({ kind: 'escalate' })}>
            {texts.decision.said.escalate} <kbd aria-hidden="true">e</kbd>
          </button>
          {mayAnswer && (
            <button
              type="button"
              className="quiet"
              disabled={busy}
              onClick={() => void say({ kind: isMine ? 'release' : 'claim' })}
            >
              {isMine ? texts.decision.said.release : texts.decision.said.claim}{' '}
              <kbd aria-hidden="true">c</kbd>
            </button>
          )}
        </div>
      ) : (
        <AnswerForm
          saying={saying}
          asked={asked}
          config={config}
          busy={busy}
          hasForm={schema !== null}
          leavesForm={touched && !sendsForm(saying.kind)}
          onClose={() => setSaying(null)}
          onCancel={() => {
            dropDraft(asked.id, ['answer', 'touched']);
            setSaying(null);
          }}
          onSubmit={(values) => void send(saying, values)}
        />
      )}
      {saying?.kind === 'option' && saying.option.disabled && (
        <p className="notice notice-warn">
          {texts.decision.disabledOption} <UntrustedText text={saying.option.disabledReason ?? ''} inline />
        </p>
      )}
    </section>
  );
}

/** `free`: the answer is of no schema, so that the fields of the team's own may be it. */
function verdictOf(what: Saying, values: FormValues, answer: unknown, free: boolean): Verdict {
  const named = Object.keys(values.fields).length > 0;
  const given = free && named && what.kind !== 'option' ? values.fields : answer;
  // Where the answer has no place for them, the fields stand in the reason, where the agent and the log have them too.
  const told =
    named && given !== values.fields
      ? Object.entries(values.fields).map(([name, value]) => `${name}: ${String(value)}`)
      : [];
  const reason = [values.reason, ...told].filter((part) => part !== '').join('\n');
  switch (what.kind) {
    case 'approve':
    case 'reject':
      return { kind: what.kind, reason, answer: given };
    case 'modify':
      return { kind: 'modify', reason, modifications: values.modifications, answer: given };
    case 'option': {
      const { id, label } = what.option;
      return { kind: 'option', optionId: id, label, customInput: values.text, reason };
    }
    case 'respond':
      return { kind: 'respond', text: values.text || texts.decision.byForm, answer: given };
    case 'escalate':
      return { kind: 'escalate', reason, ...(values.level !== undefined && { level: values.level }) };
  }
}
