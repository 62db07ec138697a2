import { type FormEvent, useEffect, useId, useRef, useState } from 'react';
import { useViewer } from '../live/context.tsx';
import { DiffView } from '../parts/diff-view.tsx';
import { JsonEditor, orderedJson, parseJson, prettyJson } from '../parts/json-editor.tsx';
import { useKeys } from '../parts/keys.ts';
import { texts } from '../texts.ts';
import { type AskedApproval, digestOf, riskOf } from './approval-panel.tsx';
import { ChangePlan } from './change-plan.tsx';
import { dropDraft, useDraft } from './drafts.ts';
import { LastResult } from './last-result.tsx';
import { modificationsOf, noChanges, type Step } from './plan-changes.ts';
import { useDecide } from './use-decide.ts';

type Saying = 'approve' | 'reject' | 'modify';

/** What `modify` means: another input for a call, another try for an answer, other steps for a plan. */
const changes = (approval: AskedApproval): 'input' | 'answer' | 'plan' | null => {
  if ('proposedAction' in approval) return 'input';
  if ('agentResponse' in approval) return 'answer';
  return approval.kind === 'RECOVERY_PLAN' ? 'plan' : null;
};

/** A vote. Consent is to the digest that was shown: where the input was edited meanwhile, the server says so. */
export function VoteBar({
  approval,
  onDecided,
}: {
  approval: AskedApproval;
  onDecided: (() => void) | undefined;
}) {
  const viewer = useViewer();
  const { say, busy, last, ready } = useDecide(
    {
      id: approval.id,
      kind: 'approval',
      title: approval.summary.slice(0, 300),
      actionDigest: digestOf(approval),
    },
    onDecided,
  );
  const [saying, setSaying] = useState<Saying | null>(null);
  const change = changes(approval);
  const mayVote = viewer.has(approval.requiredRole === 'AGENT' ? 'OPERATOR' : approval.requiredRole);
  const voted = approval.decisions.some(({ decidedBy }) => decidedBy.id === viewer.id);
  const grave = riskOf(approval) === 'CRITICAL';

  const start = (next: Saying) => {
    // What is being written is sent or left first: a key beside an edited input must not approve the other one.
    if (busy || saying !== null || voted || !mayVote || (next !== 'reject' && approval.frozen)) return;
    if (next === 'approve' && !grave) return void say({ kind: 'approve' });
    setSaying(next);
  };
  useKeys(texts.decision.keys, [
    { keys: 'a', label: texts.decision.said.approve, run: () => start('approve') },
    { keys: 'r', label: texts.decision.said.reject, run: () => start('reject') },
    ...(change === null
      ? []
      : [{ keys: 'm', label: texts.decision.changes[change], run: () => start('modify') }]),
  ]);
  if (!viewer.has('OPERATOR')) return <p className="notice">{texts.decision.readsOnly}</p>;
  return (
    <section className="answer" aria-label={texts.decision.answer} data-ready={ready}>
      <LastResult itemId={approval.id} last={last} />
      {approval.requiredApprovals > 1 && (
        <p>{texts.decision.votesNeeded(approval.decisions.length, approval.requiredApprovals)}</p>
      )}
      {voted && <p className="notice">{texts.decision.voted}</p>}
      {!mayVote && <p className="notice">{texts.decision.needsRole(texts.roles[approval.requiredRole])}</p>}
      {voted || !mayVote ? null : saying === null ? (
        <div className="actions">
          <button
            type="button"
            className="primary"
            disabled={busy || approval.frozen}
            onClick={() => start('approve')}
          >
            {texts.decision.said.approve} <kbd aria-hidden="true">a</kbd>
          </button>
          <button type="button" className="danger" disabled={busy} onClick={() => start('reject')}>
            {texts.decision.said.reject} <kbd aria-hidden="true">r</kbd>
          </button>
          {change !== null && (
            <button type="button" disabled={busy || approval.frozen} onClick={() => start('modify')}>
              {texts.decision.changes[change]} <kbd aria-hidden="true">m</kbd>
            </button>
          )}
        </div>
      ) : (
        <VoteForm
          saying={saying}
          change={change}
          steps={change === 'plan' && 'recoverySession' in approval ? approval.recoverySession.steps : []}
          input={'proposedAction' in approval ? (approval.approvedInput ?? approval.inputData) : {}}
          busy={busy}
          itemId={approval.id}
          onClose={() => setSaying(null)}
          onCancel={() => {
            dropDraft(approval.id);
            setSaying(null);
          }}
          onSubmit={(verdict) => {
            void say(verdict, true).then(({ state }) => {
              if (state === 'done') setSaying(null);
            });
          }}
        />
      )}
    </section>
  );
}

type Vote =
  | { kind: 'approve'; reason: string; approvedInput?: unknown; modifications?: unknown }
  | { kind: 'reject'; reason: string }
  | { kind: 'modify'; reason: string; modifications?: unknown };

function VoteForm({
  saying,
  change,
  steps,
  input,
  busy,
  itemId,
  onClose,
  onCancel,
  onSubmit,
}: {
  saying: Saying;
  change: ReturnType<typeof changes>;
  /** Of the plan, where it is one. */
  steps: readonly Step[];
  input: unknown;
  busy: boolean;
  itemId: string;
  /** What was written stays for the next time. */
  onClose: () => void;
  onCancel: () => void;
  onSubmit: (vote: Vote) => void;
}) {
  const form = useRef<HTMLFormElement>(null);
  const reasonId = useId();
  const [reason, setReason] = useDraft(itemId, 'reason', '');
  const before = prettyJson(input);
  const [text, setText] = useDraft(
    itemId,
    `${saying} text`,
    saying === 'modify' && change === 'input' ? before : '{}',
  );
  const [planChanges, setPlanChanges] = useDraft(itemId, 'plan', noChanges);
  const [fault, setFault] = useState<string | null>(null);
  const edits = saying === 'modify';
  const parsed = parseJson(text);
  const needsReason = saying === 'reject' || (edits && change === 'answer');
  useEffect(() => {
    form.current?.querySelector<HTMLElement>('textarea, input, button')?.focus();
  }, []);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (needsReason && reason.trim() === '') return setFault(texts.decision.reasonRequired);
    if (edits && !parsed.ok) return setFault(texts.json.fault(parsed.fault));
    const value = parsed.ok ? parsed.value : undefined;
    const words = { reason: reason.trim() };
    if (saying === 'reject') return onSubmit({ kind: 'reject', ...words });
    if (saying === 'approve') return onSubmit({ kind: 'approve', ...words });
    if (change === 'input') return onSubmit({ kind: 'approve', ...words, approvedInput: value });
    if (change === 'plan') {
      const modifications = modificationsOf(steps, planChanges);
      return onSubmit({ kind: 'approve', ...words, ...(modifications !== null && { modifications }) });
    }
    return onSubmit({ kind: 'modify', ...words, ...(text.trim() !== '{}' && { modifications: value }) });
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
      <h3>{edits && change !== null ? texts.decision.changes[change] : texts.decision.said[saying]}</h3>
      {saying === 'approve' && <p className="notice notice-warn">{texts.decision.criticalTwice}</p>}
      {edits && change === 'plan' && (
        <ChangePlan steps={steps} changes={planChanges} open onChange={setPlanChanges} />
      )}
      {edits && (change === 'input' || change === 'answer') && (
        <>
          <JsonEditor label={texts.decision.editors[change]} text={text} onChange={setText} />
          {change === 'input' && parsed.ok && (
            <DiffView before={orderedJson(input)} after={orderedJson(parsed.value)} />
          )}
        </>
      )}
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
      {fault !== null && (
        <p className="fault" role="alert">
          {fault}
        </p>
      )}
      <div className="actions">
        <button type="submit" className={saying === 'reject' ? 'danger' : 'primary'} disabled={busy}>
          {edits && change !== null ? texts.decision.submits[change] : texts.decision.said[saying]}
        </button>
        <button type="button" onClick={onCancel}>
          {texts.cancel}
        </button>
        <span className="faint">{texts.decision.submitHint}</span>
      </div>
    </form>
  );
}
