import { useEffect, useRef, useState } from 'react';
import { useLiveScope, useViewer } from '../live/context.tsx';
import { useQueueReader } from '../queue/context.tsx';
import { texts } from '../texts.ts';
import { type DecisionResult, decide } from './ledger.ts';
import type { Target, Verdict } from './verdict.ts';

/** What settles the matter as far as one person goes; claiming does not. */
const MOVES_ON = new Set<Verdict['kind']>(['approve', 'reject', 'modify', 'option', 'respond', 'escalate']);

/** Milliseconds within which a second press was meant for the item that was there before. */
const DOUBLE_PRESS = 250;
let movedOnAt = Number.NEGATIVE_INFINITY;
const remaining = () => movedOnAt + DOUBLE_PRESS - performance.now();
const tooSoon = (): DecisionResult => ({
  state: 'refused',
  words: texts.decision.tooSoon,
  code: null,
  decided: {},
});

/** Whether this item has been there long enough for a press to be meant for it. */
function useReady(): boolean {
  const [ready, setReady] = useState(() => remaining() <= 0);
  useEffect(() => {
    if (ready) return;
    const timer = setTimeout(() => setReady(true), Math.ceil(remaining()) + 1);
    return () => clearTimeout(timer);
  }, [ready]);
  return ready;
}

/** Says what somebody decided about this item. `last` is what came of the last attempt here. */
export function useDecide(target: Target & { title: string }, onDecided: (() => void) | undefined) {
  const live = useLiveScope();
  const viewer = useViewer();
  const reader = useQueueReader();
  const [last, setLast] = useState<DecisionResult | null>(null);
  const [busy, setBusy] = useState(false);
  const ready = useReady();
  const running = useRef<Promise<DecisionResult> | null>(null);
  const moveOn = (verdict: Verdict) => {
    if (!MOVES_ON.has(verdict.kind) || onDecided === undefined) return;
    movedOnAt = performance.now();
    onDecided();
  };
  const send = async (verdict: Verdict, written: boolean): Promise<DecisionResult> => {
    setBusy(true);
    const answered = decide(live, target, verdict, viewer.id);
    // Whoever clears a queue by single keys does not wait for the server: the list tells what came of it. What took
    // writing stays until it is accepted, so that it can be mended.
    if (!written) moveOn(verdict);
    const result = await answered;
    reader.look(target.id);
    setLast(result);
    setBusy(false);
    running.current = null;
    // Its event may be here before the answer, and this bar gone with it: whoever shows the list knows what is in view.
    if (written && result.state === 'done') moveOn(verdict);
    return result;
  };
  /**
   * A second press while the first is on its way is the same press; one that follows it onto the next item, which took the
   * place of the first under the finger, decides nothing. `written`: it took more than a press.
   */
  const say = (verdict: Verdict, written = false): Promise<DecisionResult> => {
    if (remaining() > 0) {
      const refused = tooSoon();
      setLast(refused);
      return Promise.resolve(refused);
    }
    return (running.current ??= send(verdict, written));
  };
  return { say, busy, last, ready };
}
