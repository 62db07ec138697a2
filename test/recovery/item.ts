import type { RecoveryStep } from '../../src/generated/prisma/client.ts';
import type { HaltedSession, HaltedTask } from '../../src/recovery/halted.ts';
import type { PlannedStep } from '../../src/recovery/planned-steps.ts';
import type { Recovery } from '../../src/recovery/rules.ts';

export const NOW = new Date('2026-03-02T09:00:00.000Z');

export const step = (position: number, more: Partial<RecoveryStep> = {}): RecoveryStep => ({
  id: `step ${position}`,
  recoveryId: 'a recovery',
  position,
  title: `the ${position}.`,
  description: '',
  action: 'verify_cause',
  parameters: {},
  status: 'PENDING',
  result: null,
  error: null,
  ...more,
});

export const recovery = (more: Partial<Recovery> = {}): Recovery => ({
  id: 'a recovery',
  projectId: 'a project',
  stopId: 'a stop',
  recoveryType: 'GUIDED',
  status: 'IN_PROGRESS',
  version: 3,
  assessment: {},
  initiatedBy: {},
  createdAt: NOW,
  completedAt: null,
  steps: [step(0), step(1)],
  ...more,
});

export const session = (id: string, more: Partial<HaltedSession> = {}): HaltedSession => ({
  id,
  runner: 'external',
  was: 'ACTIVE',
  ...more,
});

export const task = (id: string, more: Partial<HaltedTask> = {}): HaltedTask => ({
  id,
  sessionId: 's1',
  agentName: 'ada',
  was: 'RUNNING',
  started: false,
  flagged: false,
  ...more,
});

/** The steps as they are stored, with ids that say what they are. */
export const stored = (steps: readonly PlannedStep[]) =>
  steps.map((each, position) =>
    step(position, { ...without(each), id: each.key, parameters: each.parameters as object }),
  );

const without = ({ action, title, description }: PlannedStep) => ({ action, title, description });
