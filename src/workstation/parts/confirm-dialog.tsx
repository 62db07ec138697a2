import type { ChangeOutcome } from '../live/use-change.ts';
import { Dialog } from './dialog.tsx';
import { SubmitRow } from './submit-row.tsx';
import { useSubmit } from './use-submit.ts';

/** Says what is about to happen, and stays until it is done or given up. */
export function ConfirmDialog({
  title,
  lead,
  action,
  run,
  onClose,
}: {
  title: string;
  lead: string;
  action: string;
  run: () => Promise<ChangeOutcome<unknown>>;
  onClose: () => void;
}) {
  const submission = useSubmit();
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{lead}</p>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void submission.submit(run).then((answer) => answer?.kind === 'done' && onClose());
        }}
      >
        <SubmitRow submission={submission} action={action} onCancel={onClose} />
      </form>
    </Dialog>
  );
}
