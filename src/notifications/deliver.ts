import type { Signals } from '../database/signals.ts';
import { retrying, type Tx, transact } from '../database/transact.ts';
import { appendEvents } from '../events/append.ts';
import type { NotificationDelivery, PrismaClient } from '../generated/prisma/client.ts';
import { systemActor } from '../identity/viewer.ts';
import { assertNever } from '../kernel/assert-never.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Ids } from '../kernel/ids.ts';
import type { Vault } from '../secrets/vault.ts';
import type { SupervisionEnvironment } from '../supervision/from-environment.ts';
import { fillInConfiguration } from '../supervision/withheld.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { Breakers } from './breakers.ts';
import { type Channel, type Message, NotDelivered } from './channel.ts';
import { messageOf, type OwnTemplate, type ToldEvent } from './message.ts';
import { backoff, mayTryAgain, type Outcome } from './rules.ts';
import {
  channelsOf,
  type ChannelSettings,
  type Destination,
  destinationOf,
  quietUntil,
  type Rhythm,
  rhythmOf,
  templateOf,
} from './settings.ts';
import { traced } from './traced.ts';

/** Milliseconds that a receiver has to take a message over. */
export const ANSWER_WITHIN = 30_000;
/** Milliseconds after which an attempt that nothing came of counts as given up, with its process. */
export const LEASE = 120_000;
/** Milliseconds that a channel's rate is counted over. */
const MINUTE = 60_000;

export type Channels = {
  [Type in Destination['type']]: Channel<Extract<Destination, { type: Type }>> | null;
};

export interface DeliverDeps {
  database: { prisma: PrismaClient; signals?: Pick<Signals, 'onReconnect'> };
  clock: Clock;
  ids: Ids;
  environment: SupervisionEnvironment;
  vault: Pick<Vault, 'open'>;
  /** Null: the server has no means for it. */
  channels: Channels;
  breakers: Breakers;
  publicUrl: () => string;
  /** 0 to 1. */
  chance: () => number;
  committed: () => void;
  /** Left out: nothing is recorded. */
  tracing?: Tracing;
  /** Told of every attempt's end. */
  count: (channel: string, result: 'delivered' | 'failed' | 'dead') => void;
}

/**
 * Takes up to `limit` that are due, and none of the lanes that are `full`: whoever has one has it until the lease ends, unless it is done before. An attempt is
 * counted when it begins, so that one which its process did not survive is seen to have been one.
 */
export const takeDue = (
  { database: { prisma }, clock }: Pick<DeliverDeps, 'database' | 'clock'>,
  limit: number,
  full: readonly string[] = [],
): Promise<NotificationDelivery[]> =>
  retrying('take notifications', async () => {
    const now = clock.now();
    const taken = await prisma.$queryRaw<{ id: string }[]>`
      UPDATE notification_deliveries SET attempts = attempts + 1,
        next_attempt_at = ${new Date(now.getTime() + LEASE)}::timestamptz
      WHERE id IN (
        SELECT id FROM notification_deliveries WHERE status = 'PENDING' AND next_attempt_at <= ${now}::timestamptz
          AND CASE channel WHEN 'WEBHOOK' THEN team_id || '/' || place ELSE channel::text END <> ALL(${full}::text[])
        ORDER BY next_attempt_at, id LIMIT ${limit} FOR UPDATE SKIP LOCKED)
      RETURNING id`;
    if (taken.length === 0) return [];
    return prisma.notificationDelivery.findMany({
      where: { id: { in: taken.map(({ id }) => id) } },
      orderBy: { id: 'asc' },
    });
  });

/** One attempt at a delivery that was taken: sends it and writes what came of it, or puts it back until it may go. */
export async function attempt(
  deps: DeliverDeps,
  delivery: NotificationDelivery,
  signal: AbortSignal,
): Promise<void> {
  const { prisma } = deps.database;
  const row = await prisma.supervisionConfiguration.findUnique({
    where: { teamId_version: { teamId: delivery.teamId, version: delivery.version } },
  });
  const configuration = row && (await fillInConfiguration(prisma, deps.vault, delivery.projectId, row));
  const channel = channelsOf(configuration)[delivery.place];
  const destination = channel && destinationOf(channel, deps.environment);
  if (channel === undefined || destination === null || destination === undefined)
    return record(deps, delivery, { kind: 'refused', why: 'something that the channel needs is not set' }, 0);
  const rhythm = rhythmOf(configuration);
  const resting = rhythm.breaker && deps.breakers.restsUntil(destination.key, rhythm.breaker);
  if (resting !== null) return putBack(deps, delivery, resting);
  const ready = await makeReady(deps, delivery, channel, templateOf(configuration, channel, delivery.name));
  if (ready.kind === 'held') return putBack(deps, delivery, ready.until);
  if (ready.kind !== 'message') return record(deps, delivery, ready, 0);
  await deliver(deps, delivery, { destination, rhythm, message: ready.message }, signal);
}

/** Sends the message, and writes what came of it. */
async function deliver(
  deps: DeliverDeps,
  delivery: NotificationDelivery,
  {
    destination,
    rhythm,
    message,
  }: { destination: Destination; rhythm: Rhythm; message: Message & { event: ToldEvent } },
  signal: AbortSignal,
): Promise<void> {
  const { retries, delay, breaker } = rhythm;
  const run = () =>
    traced(deps.tracing, delivery, message.event, () => send(deps, destination, message, signal));
  const outcome = breaker === null ? await run() : await deps.breakers.run(destination.key, breaker, run);
  if (outcome.kind === 'resting') return putBack(deps, delivery, outcome.until);
  // This process ends: it was not the receiver's fault, and whether it has it nobody knows.
  if (outcome.kind === 'cut off') return putBack(deps, delivery, deps.clock.now());
  const wait =
    outcome.kind === 'failed' ? backoff(delivery.attempts, delay, deps.chance(), outcome.retryAfter) : 0;
  const final: Outcome =
    outcome.kind === 'failed' && !mayTryAgain(outcome, delivery.attempts, retries)
      ? { kind: 'refused', why: outcome.why }
      : outcome;
  return record(deps, delivery, final, wait);
}

type Ready =
  | { kind: 'message'; message: Message & { event: ToldEvent } }
  | { kind: 'held'; until: Date }
  | Extract<Outcome, { kind: 'refused' | 'dropped' }>;

/** What is to be said, where it may be said now. */
async function makeReady(
  deps: DeliverDeps,
  delivery: NotificationDelivery,
  channel: ChannelSettings,
  template: OwnTemplate,
): Promise<Ready> {
  let edits: string | null = null;
  if (delivery.edits === null) {
    const until = await heldUntil(deps, delivery, channel);
    if (until !== null) return { kind: 'held', until };
  } else {
    // An edit wakes nobody, and keeps no hours.
    const edited = await editedBy(deps, delivery.edits);
    if (edited.kind !== 'there') return edited;
    edits = edited.reference;
  }
  const message = await messageOf(deps.database.prisma, delivery, {
    template,
    publicUrl: deps.publicUrl(),
    edits,
  });
  return message === null
    ? { kind: 'refused', why: 'the event is no longer in the log' }
    : { kind: 'message', message };
}

/** Milliseconds after which it is looked again whether the message to be edited is there. */
const LOOK_AGAIN = 1_000;

/**
 * The message that is to be edited: what the receiver calls it. One that is still to be sent says by itself what came of
 * its request; one that is being sent may not, and is edited once it is there.
 */
async function editedBy(
  { database: { prisma }, clock }: DeliverDeps,
  id: string,
): Promise<{ kind: 'there'; reference: string } | Extract<Ready, { kind: 'held' | 'dropped' }>> {
  const message = await prisma.notificationDelivery.findUnique({ where: { id } });
  if (message?.status === 'DELIVERED' && message.reference !== null)
    return { kind: 'there', reference: message.reference };
  if (message?.status !== 'PENDING' || message.attempts === 0) return { kind: 'dropped' };
  const now = clock.now().getTime();
  const next = message.nextAttemptAt?.getTime() ?? now;
  // Due later than any lease ends, it is not being sent.
  return { kind: 'held', until: new Date(next > now + LEASE ? next : now + LOOK_AGAIN) };
}

/**
 * Until when a channel must not be written to: its quiet hours, unless what it is about is CRITICAL, and its rate, which is
 * counted and taken under one lock, so that it holds over all processes. Null: it may go now, and counts.
 */
async function heldUntil(
  deps: DeliverDeps,
  delivery: NotificationDelivery,
  channel: ChannelSettings,
): Promise<Date | null> {
  const now = deps.clock.now();
  const quiet = delivery.critical ? null : quietUntil(channel.quiet_hours, now);
  if (quiet !== null) return quiet;
  const { id, teamId, place } = delivery;
  const begin = (tx: Tx) =>
    tx.notificationDelivery.updateMany({ where: { id }, data: { lastAttemptAt: now } });
  const most = channel.rate_limit_per_minute;
  if (most === undefined) {
    await retrying('begin a notification', () => begin(deps.database.prisma));
    return null;
  }
  return transact(deps.database, 'begin a notification', async (tx) => {
    await tx.$queryRaw`SELECT 1 FROM pg_advisory_xact_lock(hashtext(${`notifications ${teamId}/${place}`}))`;
    const recent = await tx.notificationDelivery.findMany({
      where: { teamId, place, lastAttemptAt: { gt: new Date(now.getTime() - MINUTE) } },
      orderBy: { lastAttemptAt: 'desc' },
      take: most,
      select: { lastAttemptAt: true },
    });
    if (recent.length >= most) return new Date(recent.at(-1)!.lastAttemptAt!.getTime() + MINUTE);
    await begin(tx);
    return null;
  });
}

/** `cut off`: by the end of this process. */
async function send(
  { clock, channels }: DeliverDeps,
  destination: Destination,
  message: Message,
  signal: AbortSignal,
): Promise<Outcome | { kind: 'cut off' }> {
  const late = new AbortController();
  const cancel = clock.at(new Date(clock.now().getTime() + ANSWER_WITHIN), () =>
    late.abort(new NotDelivered(`the receiver did not answer within ${ANSWER_WITHIN / 1000} s`)),
  );
  try {
    const { reference } = await sendBy(
      channels,
      destination,
      message,
      AbortSignal.any([signal, late.signal]),
    );
    return { kind: 'delivered', reference };
  } catch (error) {
    if (signal.aborted) return { kind: 'cut off' };
    if (!(error instanceof NotDelivered))
      return { kind: 'failed', why: 'sending it failed unexpectedly', retryAfter: null };
    if (error.permanent) return { kind: 'refused', why: error.message };
    return { kind: 'failed', why: error.message, retryAfter: error.retryAfter };
  } finally {
    cancel();
  }
}

function sendBy(
  channels: Channels,
  destination: Destination,
  message: Message,
  signal: AbortSignal,
): Promise<{ reference: string | null }> {
  const missing = () => new NotDelivered('this server has no means for it', { permanent: true });
  switch (destination.type) {
    case 'EMAIL':
      if (channels.EMAIL === null) throw missing();
      return channels.EMAIL.send(destination, message, signal);
    case 'WEBHOOK':
      if (channels.WEBHOOK === null) throw missing();
      return channels.WEBHOOK.send(destination, message, signal);
    case 'SLACK':
      if (channels.SLACK === null) throw missing();
      return channels.SLACK.send(destination, message, signal);
    case 'SMS':
      if (channels.SMS === null) throw missing();
      return channels.SMS.send(destination, message, signal);
    default:
      return assertNever(destination);
  }
}

/** Not an attempt after all. */
const putBack = async (
  { database: { prisma } }: DeliverDeps,
  { id, attempts }: NotificationDelivery,
  until: Date,
): Promise<void> => {
  await prisma.notificationDelivery.updateMany({
    where: { id, status: 'PENDING', attempts },
    data: { attempts: attempts - 1, nextAttemptAt: until },
  });
};

/** Writes what came of the attempt, unless another one has begun since. */
async function record(
  deps: DeliverDeps,
  delivery: NotificationDelivery,
  outcome: Outcome,
  wait: number,
): Promise<void> {
  const now = deps.clock.now();
  const write = async (tx: Tx): Promise<boolean> => {
    const { count } = await tx.notificationDelivery.updateMany({
      where: { id: delivery.id, status: 'PENDING', attempts: delivery.attempts },
      data: changeOf(outcome, now, wait),
    });
    return count === 1;
  };
  const written =
    outcome.kind === 'refused'
      ? await transact(deps.database, 'give up a notification', async (tx) => {
          const won = await write(tx);
          if (won) await announceDead(tx, deps, delivery, outcome.why, now);
          return won;
        })
      : await retrying('record a notification', () => write(deps.database.prisma));
  if (!written || outcome.kind === 'dropped') return;
  deps.count(delivery.channel.toLowerCase(), outcome.kind === 'refused' ? 'dead' : outcome.kind);
  if (outcome.kind === 'refused') deps.committed();
}

function changeOf(outcome: Outcome, now: Date, wait: number) {
  switch (outcome.kind) {
    case 'delivered':
      return {
        status: 'DELIVERED',
        nextAttemptAt: null,
        deliveredAt: now,
        lastError: null,
        reference: outcome.reference,
      } as const;
    case 'dropped':
      return { status: 'CANCELLED', nextAttemptAt: null, lastError: null } as const;
    case 'refused':
      return { status: 'DEAD', nextAttemptAt: null, lastError: outcome.why } as const;
    case 'failed':
      return { nextAttemptAt: new Date(now.getTime() + wait), lastError: outcome.why } as const;
    default:
      return assertNever(outcome);
  }
}

async function announceDead(
  tx: Tx,
  { ids }: DeliverDeps,
  { id, projectId, teamId, channel, name, subjectId, attempts }: NotificationDelivery,
  reason: string,
  now: Date,
): Promise<void> {
  await appendEvents(tx, ids, [
    {
      type: 'notification_failed',
      projectId,
      teamId,
      sessionId: null,
      subjectId: id,
      actor: systemActor,
      data: { channel: channel.toLowerCase(), name, about: subjectId, attempts, reason },
      occurredAt: now,
    },
  ]);
}
