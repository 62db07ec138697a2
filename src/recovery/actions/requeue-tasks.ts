import type { Action } from './action.ts';
import { stillHalted } from './halted-tasks.ts';

/** Settles which tasks go back to where they were when the stop lifts. */
export const requeueTasks: Action = {
  run: async (tx, _, doing) => ({ result: await stillHalted(tx, doing) }),
};
