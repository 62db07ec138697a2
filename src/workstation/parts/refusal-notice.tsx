import type { ChangeOutcome } from '../live/use-change.ts';
import { partTexts, texts } from '../texts.ts';

/** Why something was not done, in the words of whoever turned it down. Nothing for what was done. */
export function RefusalNotice({ outcome }: { outcome: ChangeOutcome<unknown> | null }) {
  if (outcome === null || outcome.kind === 'done') return null;
  const told =
    outcome.kind === 'refused'
      ? outcome.errors
      : [{ code: outcome.fault.code, message: outcome.fault.message }];
  return (
    <div className="notice notice-bad" role="alert">
      <p>
        <strong>{outcome.kind === 'refused' ? partTexts.refused : partTexts.failed}</strong>
      </p>
      <ul className="plain-list">
        {told.map(({ code, message }) => (
          <li key={`${code} ${message}`} className="break">
            {message} <span className="faint">({texts.faults.code(code)})</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
