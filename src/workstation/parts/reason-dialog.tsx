import { type ReactNode, useId, useState } from 'react';
import type { ChangeOutcome } from '../live/use-change.ts';
import { partTexts } from '../texts.ts';
import { Dialog } from './dialog.tsx';
import { SubmitRow } from './submit-row.tsx';
import { useSubmit } from './use-submit.ts';

/** Asks for the reason of what cannot be taken back, and stays until it is done or given up. */
export function ReasonDialog({
  title,
  lead,
  action,
  label = partTexts.reason,
  required = false,
  danger = false,
  run,
  onClose,
}: {
  title: string;
  lead: ReactNode;
  action: string;
  label?: string;
  required?: boolean;
  danger?: boolean;
  run: (reason: string | null) => Promise<ChangeOutcome<unknown>>;
  onClose: () => void;
}) {
  const id = useId();
  const [reason, setReason] = useState('');
  const [missing, setMissing] = useState(false);
  const submission = useSubmit();
  const submit = async () => {
    const said = reason.trim();
    setMissing(required && said === '');
    if (required && said === '') return;
    const answer = await submission.submit(() => run(said === '' ? null : said));
    if (answer?.kind === 'done') onClose();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      {lead}
      <form
        className="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <label htmlFor={id}>
          {label} {!required && <span className="faint">({partTexts.optional})</span>}
        </label>
        <textarea
          id={id}
          rows={3}
          value={reason}
          aria-invalid={missing}
          aria-describedby={missing ? `${id}-missing` : undefined}
          onChange={({ target }) => setReason(target.value)}
        />
        {missing && (
          <p id={`${id}-missing`} role="alert">
            {partTexts.reasonNeeded}
          </p>
        )}
        <SubmitRow submission={submission} action={action} danger={danger} onCancel={onClose} />
      </form>
    </Dialog>
  );
}
