import type { NotificationDelivery } from '../generated/prisma/client.ts';
import type { Log } from '../kernel/log.ts';
import { attempt, type DeliverDeps, takeDue } from './deliver.ts';
import { laneOf, roomBeside } from './rules.ts';

/** Milliseconds between two looks at what is due. */
const POLL = 500;

export interface Sender {
  start(): void;
  /** Cuts off what is being sent, puts it back, and resolves once nothing is. */
  stop(): Promise<void>;
  /** Something is due. A hint; the poll finds it too. */
  wake(): void;
}

/** Sends what is due; any number of processes may. */
export function createSender(deps: DeliverDeps & { log: Log }): Sender {
  const { log } = deps;
  const sending = new Set<Promise<void>>();
  /** How many of each lane are being sent. */
  const lanes = new Map<string, number>();
  let ending = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let asked = false;
  let taking: Promise<void> | null = null;
  let stopped = true;

  async function take(): Promise<void> {
    while (asked && !stopped) {
      asked = false;
      const { limit, full } = roomBeside(lanes);
      if (limit === 0) return;
      try {
        const taken = await takeDue(deps, limit, full);
        if (taken.length === limit) asked = true;
        for (const delivery of taken) send(delivery);
      } catch (error) {
        log.warn({ err: error }, 'taking notifications failed; the next look tries again');
      }
    }
  }

  function send(delivery: NotificationDelivery): void {
    const lane = laneOf(delivery);
    lanes.set(lane, (lanes.get(lane) ?? 0) + 1);
    const sent = attempt(deps, delivery, ending.signal)
      .catch((error: unknown) => {
        // It is tried again once its lease has ended.
        log.warn({ err: error, delivery: delivery.id }, 'a notification could not be tried');
      })
      .finally(() => {
        sending.delete(sent);
        const left = lanes.get(lane)! - 1;
        if (left === 0) lanes.delete(lane);
        else lanes.set(lane, left);
        wake();
      });
    sending.add(sent);
  }

  function wake(): void {
    if (stopped) return;
    asked = true;
    taking ??= take().finally(() => {
      taking = null;
      if (asked && roomBeside(lanes).limit > 0) wake();
    });
  }

  return {
    wake,
    start() {
      stopped = false;
      ending = new AbortController();
      timer = setInterval(wake, POLL);
      timer.unref();
      wake();
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      ending.abort(new Error('the process ends'));
      await taking;
      await Promise.all(sending);
    },
  };
}
