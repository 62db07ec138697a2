import { useState } from 'react';
import { SetSupervisionDocument } from '../../generated/graphql.ts';
import { useChange } from '../../live/use-change.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import type { Fault } from '../../live/fault.ts';
import { plainly } from '../../parts/marks.ts';
import { ScrollRegion } from '../../parts/scroll-region.tsx';
import { supervisionTexts as words, texts } from '../../texts.ts';
import { DiffView } from './diff-view.tsx';
import type { Base, Check } from './team-supervision.tsx';

/** What would change, before it does. */
export function Review({
  teamId,
  base,
  text,
  check,
  onClose,
  onOvertaken,
  onSaved,
}: {
  teamId: string;
  base: Base;
  text: string;
  check: Check;
  onClose: () => void;
  onOvertaken: () => void;
  onSaved: (saved: Base, message: string) => void;
}) {
  const set = useChange(SetSupervisionDocument);
  const [busy, setBusy] = useState(false);
  const [waiting, setWaiting] = useState(false);
  const [refusals, setRefusals] = useState<readonly string[]>([]);
  const [fault, setFault] = useState<Fault | null>(null);

  const save = async () => {
    setBusy(true);
    setFault(null);
    setRefusals([]);
    // The very text that is in force is no change: saying it again is harmless.
    const outcome = await set(
      { id: teamId, yaml: text, baseVersion: base.version },
      { repeatable: true, onWaiting: () => setWaiting(true) },
    );
    setBusy(false);
    setWaiting(false);
    if (outcome.kind === 'failed') return setFault(outcome.fault);
    if (outcome.kind === 'refused') {
      setRefusals(outcome.errors.map(({ message }) => message));
      if (outcome.code === 'INVALID_STATE') onOvertaken();
      return;
    }
    const { team, message } = outcome.data.updateSupervision;
    if (team) onSaved({ version: team.supervisionVersion, yaml: team.supervision }, message);
  };

  return (
    <Dialog title={words.reviewTitle} onClose={onClose} wide>
      <h3>{words.settings}</h3>
      {check.changes.length === 0 ? (
        <p className="faint">{words.noSettings}</p>
      ) : (
        <ScrollRegion label={words.settings}>
          <table>
            <thead>
              <tr>
                <th scope="col">{words.setting}</th>
                <th scope="col">{words.before}</th>
                <th scope="col">{words.after}</th>
              </tr>
            </thead>
            <tbody>
              {check.changes.map(({ path, before, after }) => (
                <tr key={path}>
                  <th scope="row" className="break">
                    {plainly(path)}
                  </th>
                  <td className="break">{shown(before)}</td>
                  <td className="break">{shown(after)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollRegion>
      )}
      <h3>{words.textTitle}</h3>
      <DiffView before={base.yaml} after={text} />
      {check.warnings.length > 0 && (
        <div className="notice notice-warn">
          <p>{words.warnings(check.warnings.length)}</p>
          <ul>
            {check.warnings.map(({ line, column, message }) => (
              <li key={`${line}.${column}.${message}`}>{plainly(message)}</li>
            ))}
          </ul>
        </div>
      )}
      <p className="faint">{words.terms}</p>
      {fault && <FaultNotice fault={fault} />}
      {refusals.length > 0 && (
        <div className="notice notice-bad" role="alert">
          {refusals.map((message) => (
            <p key={message}>{plainly(message)}</p>
          ))}
        </div>
      )}
      {waiting && <p role="status">{words.waiting}</p>}
      <div className="actions">
        <button type="button" className="primary" disabled={busy} onClick={() => void save()}>
          {busy ? words.saving : words.save(base.version + 1)}
        </button>
        <button type="button" onClick={onClose}>
          {texts.cancel}
        </button>
      </div>
    </Dialog>
  );
}

const shown = (value: unknown): string =>
  value === null ? words.notSet : plainly(typeof value === 'string' ? value : JSON.stringify(value));
