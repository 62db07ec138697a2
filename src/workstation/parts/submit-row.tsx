import { partTexts, texts } from '../texts.ts';
import { RefusalNotice } from './refusal-notice.tsx';
import type { Submission } from './use-submit.ts';

/** The end of a form: what came of it, its button, and the way out. */
export function SubmitRow({
  submission: { state, outcome },
  action,
  danger = false,
  disabled = false,
  onCancel,
}: {
  submission: Pick<Submission<unknown>, 'state' | 'outcome'>;
  action: string;
  danger?: boolean;
  disabled?: boolean;
  onCancel?: () => void;
}) {
  return (
    <>
      {state === 'waiting' && <p role="status">{partTexts.unanswered}</p>}
      <RefusalNotice outcome={outcome} />
      <div className="actions">
        <button
          type="submit"
          className={danger ? 'danger' : 'primary'}
          disabled={disabled || state !== 'open'}
        >
          {state === 'open' ? action : partTexts.busy}
        </button>
        {onCancel && (
          <button type="button" onClick={onCancel}>
            {texts.cancel}
          </button>
        )}
      </div>
    </>
  );
}
