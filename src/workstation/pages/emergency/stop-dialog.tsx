import { useId, useState } from 'react';
import { type StopProjectMutation, StopProjectDocument } from '../../generated/graphql.ts';
import { useChange } from '../../live/use-change.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { plainly } from '../../parts/marks.ts';
import { SubmitRow } from '../../parts/submit-row.tsx';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { useSubmit } from '../../parts/use-submit.ts';
import { emergencyTexts, texts, worded } from '../../texts.ts';
import { StopPreview } from './stop-preview.tsx';

const words = emergencyTexts.stop;
const severities = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW'] as const;

/** What has to be typed: the project's name, where it can be; one with hidden characters in it cannot. */
export const phraseFor = ({ id, name }: { id: string; name: string }): string =>
  plainly(name) === name && name.trim() === name && !name.includes('\n') ? name : id;

/** Stops a project in two steps: why, and what will stop; then typed out. `onClose` is told how it went where it did. */
export function StopDialog({
  project,
  onClose,
}: {
  project: { id: string; name: string };
  onClose: (message?: string) => void;
}) {
  const id = useId();
  const stop = useChange(StopProjectDocument);
  const submission = useSubmit<StopProjectMutation>();
  const [step, setStep] = useState<1 | 2>(1);
  const [reason, setReason] = useState('');
  const [missing, setMissing] = useState(false);
  const [severity, setSeverity] = useState<(typeof severities)[number]>('CRITICAL');
  const [typed, setTyped] = useState('');
  const phrase = phraseFor(project);

  const goOn = () => {
    setMissing(reason.trim() === '');
    if (reason.trim() !== '') setStep(2);
  };
  const confirm = async () => {
    if (typed.trim() !== phrase) return;
    // A stopped project answers with the stop in force (behaviour 7.1): this may be said again until it is heard.
    const answer = await submission.submit((options) =>
      stop({ projectId: project.id, reason: reason.trim(), severity }, options),
    );
    if (answer?.kind === 'done') onClose(answer.data.triggerEmergencyStop.message);
  };
  return (
    <Dialog title={words.title(plainly(project.name))} onClose={() => onClose()} wide>
      <p className="faint">{words.step(step)}</p>
      {step === 1 ? (
        <form
          className="stack"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            goOn();
          }}
        >
          <label htmlFor={`${id}-reason`}>{words.reason}</label>
          <textarea
            id={`${id}-reason`}
            rows={3}
            value={reason}
            aria-invalid={missing}
            aria-describedby={missing ? `${id}-missing` : undefined}
            onChange={({ target }) => setReason(target.value)}
          />
          {missing && (
            <p id={`${id}-missing`} role="alert">
              {words.reasonNeeded}
            </p>
          )}
          <label htmlFor={`${id}-severity`}>{words.severity}</label>
          <select
            id={`${id}-severity`}
            value={severity}
            onChange={({ target }) =>
              setSeverity(severities.find((each) => each === target.value) ?? 'CRITICAL')
            }
          >
            {severities.map((each) => (
              <option key={each} value={each}>
                {worded(each)}
              </option>
            ))}
          </select>
          <StopPreview projectId={project.id} />
          <div className="actions">
            <button type="submit" className="danger">
              {words.next}
            </button>
            <button type="button" onClick={() => onClose()}>
              {texts.cancel}
            </button>
          </div>
        </form>
      ) : (
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            void confirm();
          }}
        >
          <p className="notice notice-warn">{words.agents}</p>
          <UntrustedText text={reason} />
          <StopPreview projectId={project.id} />
          <label htmlFor={`${id}-typed`}>
            {words.type} <strong className="break">{phrase}</strong>
          </label>
          <input
            id={`${id}-typed`}
            autoComplete="off"
            spellCheck={false}
            value={typed}
            onChange={({ target }) => setTyped(target.value)}
          />
          <SubmitRow
            submission={submission}
            action={words.confirm}
            danger
            disabled={typed.trim() !== phrase}
            onCancel={() => onClose()}
          />
          <button type="button" className="quiet" onClick={() => setStep(1)}>
            {words.back}
          </button>
        </form>
      )}
    </Dialog>
  );
}
