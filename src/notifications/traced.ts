import type { NotificationDelivery } from '../generated/prisma/client.ts';
import { spanOfEvent, traceOf } from '../tracing/ids.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { ToldEvent } from './message.ts';

/** An attempt goes on from its event, in the trace of the event's session; else in one of the event's subject. */
export function traced<Result extends { kind: string }>(
  tracing: Tracing | undefined,
  { id, channel, name, projectId, attempts }: NotificationDelivery,
  event: ToldEvent,
  work: () => Promise<Result>,
): Promise<Result> {
  if (tracing === undefined) return work();
  const attributes = {
    'holdpoint.project.id': projectId,
    'holdpoint.delivery.id': id,
    'holdpoint.delivery.attempt': attempts,
    'holdpoint.channel': channel.toLowerCase(),
    'holdpoint.notification': name,
    'holdpoint.event.id': event.id,
  };
  return tracing.goOn(
    { name: `send ${channel.toLowerCase()}`, kind: 'client', attributes },
    { traceId: traceOf(event.sessionId ?? event.subjectId), parent: event.sessionId && spanOfEvent(event) },
    async (span) => {
      const outcome = await work();
      if (outcome.kind === 'failed' || outcome.kind === 'refused') span.fail(outcome.kind);
      return outcome;
    },
  );
}
