import type { ActionName } from '../plan.ts';
import { abandonTasks } from './abandon-tasks.ts';
import type { Action } from './action.ts';
import { liftTheStop } from './lift-stop.ts';
import { requeueTasks } from './requeue-tasks.ts';
import { resumeSessions } from './resume-sessions.ts';
import { setLimits } from './set-limits.ts';
import { verifyCause } from './verify-cause.ts';

/** What each step of a plan does. */
export const actions: Record<ActionName, Action> = {
  verify_cause: verifyCause,
  set_limits: setLimits,
  requeue_tasks: requeueTasks,
  abandon_tasks: abandonTasks,
  resume_sessions: resumeSessions,
  lift_stop: liftTheStop,
};

export const isAction = (name: string): name is ActionName => name in actions;
