import type { Fault } from '../live/fault.ts';
import { texts } from '../texts.ts';

/** Why something is not there, and what can be done about it. `stale`: something older is still shown. */
export function FaultNotice({
  fault,
  stale = false,
  onRetry,
}: {
  fault: Fault;
  stale?: boolean;
  onRetry?: () => void;
}) {
  return (
    <div className="notice notice-bad" role="alert">
      <p>
        <strong>{stale ? texts.faults.stale : texts.faults.title}</strong>
      </p>
      <p>{fault.message}</p>
      <p className="faint">
        {texts.faults.code(fault.code)}
        {fault.requestId !== null && <> · {texts.faults.request(fault.requestId)}</>}
      </p>
      {onRetry && (
        <button type="button" onClick={onRetry}>
          {texts.retry}
        </button>
      )}
    </div>
  );
}
