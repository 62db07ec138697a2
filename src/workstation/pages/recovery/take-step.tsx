import { useId, useState } from 'react';
import { TakeRecoveryStepDocument } from '../../generated/graphql.ts';
import { useViewer } from '../../live/context.tsx';
import { useChange } from '../../live/use-change.ts';
import { SubmitRow } from '../../parts/submit-row.tsx';
import { useSubmit } from '../../parts/use-submit.ts';
import { partTexts, recoveryTexts } from '../../texts.ts';
import type { Recovery } from './one-recovery.tsx';

const words = recoveryTexts.take;
type Step = Recovery['steps'][number];

/** What calling for the step does as it stands; null where nobody is to (behaviour 7.5, 7.6). */
function actionFor(status: Step['status'], automated: boolean): string | null {
  switch (status) {
    case 'PENDING':
      return automated ? null : words.ask;
    case 'FAILED':
    case 'REJECTED':
      return words.again;
    case 'APPROVED':
      return automated ? null : words.run;
    case 'RUNNING':
      return words.runAgain;
    case 'WAITING_APPROVAL':
    case 'COMPLETED':
    case 'SKIPPED':
      return null;
  }
}

/** Takes the step whose turn it is on by one: asks for it, or runs it. */
export function TakeStep({
  step,
  recovery,
  onTaken,
}: {
  step: Step;
  recovery: Pick<Recovery, 'id' | 'recoveryType'>;
  onTaken: () => void;
}) {
  const id = useId();
  const viewer = useViewer();
  const take = useChange(TakeRecoveryStepDocument);
  const submission = useSubmit();
  const [note, setNote] = useState('');
  const [missing, setMissing] = useState(false);
  const automated = recovery.recoveryType === 'AUTOMATED';
  const byHand = recovery.recoveryType === 'MANUAL';
  const action = actionFor(step.status, automated);
  if (action === null) {
    const told =
      step.status === 'PENDING' ? words.asksByItself : step.status === 'APPROVED' ? words.byItself : null;
    return told !== null && <p className="faint">{told}</p>;
  }
  if (!viewer.has('MANAGER')) return <p className="faint">{partTexts.needsRole('MANAGER')}</p>;
  const submit = async () => {
    const said = note.trim();
    setMissing(byHand && said === '');
    if (byHand && said === '') return;
    // Not said again by itself: heard twice, the second would take the step further than it was meant to go.
    const answer = await submission.submit(() =>
      take({ id: recovery.id, stepId: step.id, note: said === '' ? null : said }),
    );
    if (answer?.kind === 'done') onTaken();
  };
  return (
    <form
      className="stack"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {step.status === 'RUNNING' && <p className="faint">{words.runningHint}</p>}
      {byHand && (
        <>
          <label htmlFor={id}>
            {['APPROVED', 'RUNNING'].includes(step.status) ? words.noteRun : words.noteAsk}
          </label>
          <textarea
            id={id}
            rows={2}
            value={note}
            aria-invalid={missing}
            aria-describedby={missing ? `${id}-missing` : undefined}
            onChange={({ target }) => setNote(target.value)}
          />
          {missing && (
            <p id={`${id}-missing`} role="alert">
              {words.noteNeeded}
            </p>
          )}
        </>
      )}
      <SubmitRow submission={submission} action={action} />
    </form>
  );
}
