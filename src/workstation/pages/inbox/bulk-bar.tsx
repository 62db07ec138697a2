import { useState } from 'react';
import { decide } from '../../decision/ledger.ts';
import { useLiveScope, useViewer } from '../../live/context.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { type BulkPlan, type BulkVerb, kindsOf, planBulk, verbsFor } from '../../queue/bulk.ts';
import { useQueueReader } from '../../queue/context.tsx';
import type { Item } from '../../queue/item.ts';
import { lookAt } from '../../queue/look.ts';
import { texts } from '../../texts.ts';

/** Answers of a bulk action that are on their way at once. */
const AT_ONCE = 4;

/** What can be done to all that is selected: of one kind, looked at once more, and said before it is done. */
export function BulkBar({
  items,
  onKeep,
  onDone,
}: {
  items: readonly Item[];
  onKeep: (ids: string[]) => void;
  onDone: () => void;
}) {
  const live = useLiveScope();
  const viewer = useViewer();
  const [plan, setPlan] = useState<{ verb: BulkVerb; plan: BulkPlan } | null>(null);
  const [checking, setChecking] = useState(false);
  const kinds = kindsOf(items);
  const first = items[0];

  const prepare = async (verb: BulkVerb) => {
    setChecking(true);
    const { looked, over, unknown } = await lookAt(live, items);
    setPlan({
      verb,
      plan: planBulk(verb, looked, { over, unknown }, { viewerId: viewer.id, has: viewer.has }),
    });
    setChecking(false);
  };

  // What is selected goes as it is answered; what came of it stays to be read.
  const dialog = plan && (
    <BulkDialog
      {...plan}
      onClose={(acted) => {
        setPlan(null);
        if (acted) onDone();
      }}
    />
  );
  if (items.length === 0) return dialog;
  if (!viewer.has('OPERATOR')) return <p className="notice">{texts.decision.readsOnly}</p>;
  return (
    <div className="bulk" role="group" aria-label={texts.bulk.bar}>
      <strong>{texts.bulk.selected(items.length)}</strong>
      {kinds.length > 1 ? (
        <>
          <span>{texts.bulk.mixed}</span>
          {kinds.map(({ type, count }) => (
            <button
              key={type}
              type="button"
              onClick={() => onKeep(items.filter((item) => item.type === type).map(({ id }) => id))}
            >
              {texts.bulk.keep(texts.types[type], count)}
            </button>
          ))}
        </>
      ) : (
        first &&
        verbsFor(first).map((verb) => (
          <button key={verb} type="button" disabled={checking} onClick={() => void prepare(verb)}>
            {texts.bulk.verbs[verb]}
          </button>
        ))
      )}
      <button type="button" className="quiet" onClick={onDone}>
        {texts.bulk.clear}
      </button>
      {checking && <span role="status">{texts.bulk.checking}</span>}
      {dialog}
    </div>
  );
}

function BulkDialog({
  verb,
  plan,
  onClose,
}: {
  verb: BulkVerb;
  plan: BulkPlan;
  onClose: (acted: boolean) => void;
}) {
  const live = useLiveScope();
  const viewer = useViewer();
  const reader = useQueueReader();
  const [reason, setReason] = useState('');
  const [fault, setFault] = useState(false);
  const [answered, setAnswered] = useState<{ done: number; late: number; failed: number } | null>(null);
  const [others, setOthers] = useState<readonly { item: Item; words: string }[]>([]);
  const { will, left } = plan;
  const name = texts.bulk.verbs[verb];
  const total = answered === null ? 0 : answered.done + answered.late + answered.failed;

  const needsReason =
    verb === 'reject' || (verb === 'approve' && will.some(({ needsReason: wanted }) => wanted));

  const act = async () => {
    if (needsReason && reason.trim() === '') return setFault(true);
    const counts = { done: 0, late: 0, failed: 0 };
    setAnswered({ ...counts });
    const waiting = [...will];
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
          const { item, actionDigest } = next;
          const verdict = verb === 'claim' ? { kind: verb } : { kind: verb, reason: reason.trim() };
          const { state, words } = await decide(live, { ...item, actionDigest }, verdict, viewer.id);
          reader.look(item.id);
          if (state !== 'done') setOthers((before) => [...before, { item, words }]);
          counts[state === 'done' || state === 'late' ? state : 'failed'] += 1;
          setAnswered({ ...counts });
        }
      }),
    );
  };

  const title =
    answered === null
      ? texts.bulk.title(name, will.length)
      : total < will.length
        ? texts.bulk.doing(name, will.length)
        : texts.bulk.done(verb, answered.done, will.length);

  return (
    <Dialog title={title} onClose={() => onClose(answered !== null)}>
      {will.length === 0 ? (
        <p>{texts.bulk.nothing}</p>
      ) : (
        <ItemNames title={texts.bulk.will(name, will.length)} items={will.map(({ item }) => ({ item }))} />
      )}
      {left.length > 0 && <ItemNames title={texts.bulk.left(left.length)} items={left} />}
      {answered !== null && (
        <p role="status">
          {total < will.length
            ? texts.bulk.progress(total, will.length)
            : texts.bulk.result(answered.done, answered.late, answered.failed)}
        </p>
      )}
      {others.length > 0 && (
        <ul className="bulk-items">
          {others.map(({ item, words }) => (
            <li key={item.id}>
              <UntrustedText text={item.title} inline /> <UntrustedText text={words} inline />
            </li>
          ))}
        </ul>
      )}
      {answered === null && will.length > 0 && (
        <>
          {verb !== 'claim' && (
            <label>
              {texts.bulk.reason}
              <textarea
                rows={2}
                value={reason}
                aria-required={needsReason}
                aria-invalid={fault}
                onChange={({ target }) => setReason(target.value)}
              />
            </label>
          )}
          {fault && reason.trim() === '' && <p role="alert">{texts.bulk.reasonRequired}</p>}
          <div className="actions">
            <button type="button" className="primary" onClick={() => void act()}>
              {texts.bulk.confirm(name, will.length)}
            </button>
            <button type="button" onClick={() => onClose(false)}>
              {texts.cancel}
            </button>
          </div>
        </>
      )}
    </Dialog>
  );
}

function ItemNames({
  title,
  items,
}: {
  title: string;
  items: readonly { item: Item; why?: keyof typeof texts.bulk.why }[];
}) {
  return (
    <details open={items.length <= 8}>
      <summary>{title}</summary>
      <ul className="bulk-items">
        {items.map(({ item, why }) => (
          <li key={item.id}>
            <UntrustedText text={item.title} inline />
            {why !== undefined && <span className="faint"> · {texts.bulk.why[why]}</span>}
          </li>
        ))}
      </ul>
    </details>
  );
}
