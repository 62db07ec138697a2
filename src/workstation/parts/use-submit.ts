import { useEffect, useRef, useState } from 'react';
import type { ChangeOptions, ChangeOutcome } from '../live/use-change.ts';

/** Where a form or a button stands between being pressed and being answered. */
export interface Submission<Data> {
  /** `waiting`: nobody has answered yet, and it is being sent again. */
  state: 'open' | 'busy' | 'waiting';
  outcome: ChangeOutcome<Data> | null;
  /**
   * `run` is given what to pass to a change that may be repeated: it is sent until it is answered, or until the form is
   * gone. Answers null where it is under way already.
   */
  submit(run: (options: ChangeOptions) => Promise<ChangeOutcome<Data>>): Promise<ChangeOutcome<Data> | null>;
}

export function useSubmit<Data>(): Submission<Data> {
  const [state, setState] = useState<Submission<Data>['state']>('open');
  const [outcome, setOutcome] = useState<ChangeOutcome<Data> | null>(null);
  const under = useRef<AbortController | null>(null);
  useEffect(() => () => under.current?.abort(), []);
  return {
    state,
    outcome,
    async submit(run) {
      if (under.current !== null) return null;
      const controller = new AbortController();
      under.current = controller;
      setState('busy');
      setOutcome(null);
      const answer = await run({
        repeatable: true,
        onWaiting: () => setState('waiting'),
        signal: controller.signal,
      });
      under.current = null;
      setState('open');
      setOutcome(answer);
      return answer;
    },
  };
}
