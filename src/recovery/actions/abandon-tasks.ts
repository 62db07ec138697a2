import type { Action } from './action.ts';
import { stillHalted } from './halted-tasks.ts';

/** Settles which tasks are cancelled when the stop lifts. */
export const abandonTasks: Action = {
  run: async (tx, _, doing) => ({ result: await stillHalted(tx, doing) }),
};
