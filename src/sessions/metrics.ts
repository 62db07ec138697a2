import { Counter, Histogram, type Registry } from 'prom-client';
import { DomainError } from '../kernel/errors.ts';
import type { ChangeSession } from './change.ts';

export interface ChangeMetrics {
  /** The same, timed and its refusals counted. */
  measured(changeSession: ChangeSession): ChangeSession;
  /** Counts what was turned down, whatever it was thrown by; anything but a refusal is not. */
  refused(error: unknown): void;
}

/** How long changes take, and what the rules turned down. */
export function createChangeMetrics(registry: Registry): ChangeMetrics {
  const registers = [registry];
  const duration = new Histogram({
    name: 'session_change_duration_seconds',
    help: 'Time that a change of a session, an intervention or an approval took: read, decided and written, or refused.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  const refusals = new Counter({
    name: 'refusals_total',
    help: 'What the rules turned down of changes of sessions and of budgets, by code: BUDGET_EXCEEDED, QUEUE_FULL, SELF_APPROVAL …',
    labelNames: ['code'],
    registers,
  });
  const refused = (error: unknown): void => {
    if (error instanceof DomainError) refusals.inc({ code: error.code });
  };
  return {
    refused,
    measured: (changeSession) => async (command) => {
      const end = duration.startTimer();
      try {
        return await changeSession(command);
      } catch (error) {
        refused(error);
        throw error;
      } finally {
        end();
      }
    },
  };
}
