import { useId, useState } from 'react';
import { ReviveSessionDocument } from '../../generated/graphql.ts';
import { newKey, useChange } from '../../live/use-change.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { SubmitRow } from '../../parts/submit-row.tsx';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { useSubmit } from '../../parts/use-submit.ts';
import { sessionsTexts } from '../../texts.ts';
import type { ShownSession } from './actions.tsx';

const words = sessionsTexts.one;
const kinds = ['respond', 'approve', 'reject'] as const;

/** Brings a session back that timed out: the answer goes to its oldest request that did (behaviour 3.7). */
export function ReviveDialog({ session, onClose }: { session: ShownSession; onClose: () => void }) {
  const id = useId();
  const revive = useChange(ReviveSessionDocument);
  const [key] = useState(newKey);
  const [content, setContent] = useState('');
  const [kind, setKind] = useState<(typeof kinds)[number]>('respond');
  const [form, setForm] = useState('');
  const [notJson, setNotJson] = useState(false);
  const submission = useSubmit();
  const asked = session.interventions.nodes.findLast(({ status }) => status === 'TIMEOUT');

  const submit = async () => {
    const answer = form.trim() === '' ? { ok: true as const, value: undefined } : parsed(form);
    setNotJson(!answer.ok);
    if (!answer.ok) return;
    const said = await submission.submit((options) =>
      revive(
        {
          id: session.id,
          response: {
            content,
            responseType: kind,
            // A refusal is not remembered under its key (behaviour 2.8): the same one serves until it is taken.
            idempotencyKey: key,
            ...(answer.value !== undefined && { answer: answer.value }),
          },
        },
        options,
      ),
    );
    if (said?.kind === 'done') onClose();
  };
  return (
    <Dialog title={words.reviveTitle} onClose={onClose}>
      <p>{words.reviveLead}</p>
      {asked && (
        <div>
          <p className="faint">{words.asked}</p>
          <UntrustedText text={asked.message} />
        </div>
      )}
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <label htmlFor={`${id}-as`}>{words.reviveAs}</label>
        <select
          id={`${id}-as`}
          value={kind}
          onChange={({ target }) => setKind(kinds.find((each) => each === target.value) ?? 'respond')}
        >
          {kinds.map((each) => (
            <option key={each} value={each}>
              {words.reviveKinds[each]}
            </option>
          ))}
        </select>
        <label htmlFor={`${id}-content`}>{words.reviveAnswer}</label>
        <textarea
          id={`${id}-content`}
          rows={3}
          required
          value={content}
          onChange={({ target }) => setContent(target.value)}
        />
        {asked?.responseSchema != null && (
          <>
            <label htmlFor={`${id}-form`}>{words.reviveForm}</label>
            <textarea
              id={`${id}-form`}
              rows={4}
              spellCheck={false}
              value={form}
              aria-invalid={notJson}
              aria-describedby={`${id}-hint`}
              onChange={({ target }) => setForm(target.value)}
            />
            <p id={`${id}-hint`} className="faint">
              {words.reviveFormHint}
            </p>
            {notJson && <p role="alert">{words.notJson}</p>}
          </>
        )}
        <SubmitRow submission={submission} action={words.revive} onCancel={onClose} />
      </form>
    </Dialog>
  );
}

function parsed(text: string): { ok: true; value: unknown } | { ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    return { ok: false };
  }
}
