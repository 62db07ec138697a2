import { useState } from 'react';
import {
  type KeyFieldsFragment,
  RevokeKeyDocument,
  type RevokeKeyMutation,
} from '../../generated/graphql.ts';
import { useViewer } from '../../live/context.tsx';
import { type ChangeOutcome, useChange } from '../../live/use-change.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { plainly } from '../../parts/marks.ts';
import { RefusalNotice } from '../../parts/refusal-notice.tsx';
import { keysTexts as words, texts } from '../../texts.ts';

/** It is asked once more, since nothing brings a revoked key back. */
export function RevokeKey({
  of,
  onClose,
  onRevoked,
}: {
  of: KeyFieldsFragment;
  onClose: () => void;
  onRevoked: () => void;
}) {
  const viewer = useViewer();
  const revoke = useChange(RevokeKeyDocument);
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<ChangeOutcome<RevokeKeyMutation> | null>(null);
  const run = async () => {
    setBusy(true);
    // Revoking it again answers it as it is.
    const said = await revoke({ id: of.id }, { repeatable: true });
    setBusy(false);
    setOutcome(said);
    if (said.kind !== 'done') return;
    onRevoked();
    onClose();
  };
  return (
    <Dialog title={words.revokeTitle} onClose={onClose}>
      <p>{words.revokeLead(plainly(of.name), of.role)}</p>
      {of.userId === viewer.id && <p className="notice notice-warn">{words.revokeOwn}</p>}
      <RefusalNotice outcome={outcome} />
      <div className="actions">
        <button type="button" className="danger" disabled={busy} onClick={() => void run()}>
          {busy ? words.revoking : words.revokeIt}
        </button>
        <button type="button" onClick={onClose}>
          {texts.cancel}
        </button>
      </div>
    </Dialog>
  );
}
