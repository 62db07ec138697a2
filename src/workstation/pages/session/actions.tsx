import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import {
  CancelSessionDocument,
  CompleteSessionDocument,
  FailSessionDocument,
  type SessionPageQuery,
} from '../../generated/graphql.ts';
import { useViewer } from '../../live/context.tsx';
import { useChange } from '../../live/use-change.ts';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { ReasonDialog } from '../../parts/reason-dialog.tsx';
import { partTexts, sessionsTexts } from '../../texts.ts';
import { ReviveDialog } from './revive-dialog.tsx';

const words = sessionsTexts.one;

export type ShownSession = NonNullable<SessionPageQuery['session']>;

const ENDED = new Set(['COMPLETED', 'FAILED', 'CANCELLED']);
/** Where it may be completed: not while people have yet to decide (behaviour 3.8), nor beneath a stop. */
const COMPLETES = new Set(['ACTIVE', 'CONTINUING_ASYNC', 'PROCESSING_INTERVENTION']);

/** What the viewer may do with a session as it stands; the server decides all the same. */
export function Actions({ session }: { session: ShownSession }) {
  const viewer = useViewer();
  const [open, setOpen] = useState<'revive' | 'complete' | 'cancel' | 'fail' | null>(null);
  const complete = useChange(CompleteSessionDocument);
  const cancel = useChange(CancelSessionDocument);
  const fail = useChange(FailSessionDocument);
  const { id, status, currentIntervention } = session;
  const close = () => setOpen(null);
  const pending = (nodes: readonly { status: string }[]) =>
    nodes.filter((each) => each.status === 'PENDING').length;
  const lead = <p>{words.endLead(pending(session.interventions.nodes), pending(session.approvals.nodes))}</p>;
  if (ENDED.has(status)) return <p className="faint">{words.noActions}</p>;
  if (!viewer.has('OPERATOR')) return <p className="faint">{partTexts.needsRole('OPERATOR')}</p>;
  return (
    <>
      <div className="actions">
        {status === 'WAITING_FOR_HUMAN' && currentIntervention && (
          <Link className="button" to="/interventions/$id" params={{ id: currentIntervention.id }}>
            {words.answer}
          </Link>
        )}
        {status === 'TIMEOUT' && (
          <button type="button" className="primary" onClick={() => setOpen('revive')}>
            {words.revive}
          </button>
        )}
        {COMPLETES.has(status) && (
          <button type="button" onClick={() => setOpen('complete')}>
            {words.complete}
          </button>
        )}
        <button type="button" onClick={() => setOpen('cancel')}>
          {words.cancel}
        </button>
        <button type="button" className="danger" onClick={() => setOpen('fail')}>
          {words.fail}
        </button>
      </div>
      {open === 'revive' && <ReviveDialog session={session} onClose={close} />}
      {open === 'complete' && (
        <ConfirmDialog
          title={words.completeTitle}
          lead={words.completeLead}
          action={words.complete}
          run={() => complete({ id })}
          onClose={close}
        />
      )}
      {open === 'cancel' && (
        <ReasonDialog
          title={words.cancelTitle}
          lead={lead}
          action={words.cancel}
          danger
          run={(reason) => cancel({ id, reason })}
          onClose={close}
        />
      )}
      {open === 'fail' && (
        <ReasonDialog
          title={words.failTitle}
          lead={lead}
          action={words.fail}
          required
          danger
          run={(reason) => fail({ id, reason: reason ?? '' })}
          onClose={close}
        />
      )}
    </>
  );
}
