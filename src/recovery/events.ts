import type { NewEvent } from '../events/append.ts';
import type { EventType } from '../events/catalog.ts';
import type { RecoveryStep } from '../generated/prisma/client.ts';
import type { Actor } from '../identity/viewer.ts';
import { canonicalJson, type Json, type JsonObject, sha256 } from '../kernel/json.ts';
import { isOpen, type Recovery } from './rules.ts';

/** What every event of a recovery says of itself. `stopId` lets those who show the stop know that it concerns them. */
export const recoveryEvent = (
  { id, projectId, stopId }: Pick<Recovery, 'id' | 'projectId' | 'stopId'>,
  type: EventType,
  data: JsonObject,
  actor: Actor,
  now: Date,
): NewEvent => ({
  type,
  projectId,
  teamId: null,
  sessionId: null,
  subjectId: id,
  actor,
  data: { stopId, ...data },
  occurredAt: now,
});

/** Bytes of a step's parameters that an event holds as they are. */
const RECORDED_WHOLE = 16 * 1024;

/** A step as the log keeps it: what it was to be done with, in full or, where that is long, by its digest. */
export function recordedStep({ id, action, title, status, parameters }: RecoveryStep): JsonObject {
  const text = canonicalJson(parameters);
  const whole = Buffer.byteLength(text) <= RECORDED_WHOLE;
  return {
    id,
    action,
    title,
    status,
    ...(whole ? { parameters: parameters as Json } : { parametersDigest: sha256(text) }),
  };
}

/** What moved: each step that did, and the end of the recovery. */
export function moveEvents(before: Recovery, after: Recovery, actor: Actor, now: Date): NewEvent[] {
  const moved = after.steps.flatMap((step) => {
    const from = before.steps.find(({ id }) => id === step.id)?.status;
    if (from === undefined || from === step.status) return [];
    const data = { stepId: step.id, action: step.action, from, to: step.status, error: step.error };
    return [recoveryEvent(after, 'recovery_step_changed', { ...data, status: after.status }, actor, now)];
  });
  const ends = isOpen(before.status) && !isOpen(after.status);
  if (!ends) return moved;
  const type = after.status === 'COMPLETED' ? 'recovery_completed' : 'recovery_ended';
  return [...moved, recoveryEvent(after, type, { status: after.status }, actor, now)];
}
