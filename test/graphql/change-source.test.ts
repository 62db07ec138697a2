import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createLocalSignals } from '../../src/database/signals.ts';
import type { Changed } from '../../src/events/changes.ts';
import { changeSource, latestSource } from '../../src/graphql/change-source.ts';
import type { Context } from '../../src/graphql/context.ts';
import { testClock } from '../support/clock.ts';
import { silent } from '../support/database.ts';

const away = () => Promise.reject(Object.assign(new Error('gone'), { code: 'P1001' }));

/** A subscription's source over a database that can be taken away, and what its subscriber was shown. */
function scene() {
  const clock = testClock();
  const signals = createLocalSignals(silent);
  const listeners = new Set<(changed: Changed) => void>();
  const house = {
    clock,
    database: { signals },
    changes: {
      listen(listener: (changed: Changed) => void) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
  };
  const state = { away: true, reads: 0 };
  /** Reads what is asked for; fails as Prisma does while the database is away. */
  const reading = <T>(value: T): Promise<T> => {
    state.reads++;
    return state.away ? away() : Promise.resolve(value);
  };
  const shown: string[] = [];
  const ended: (Error | undefined)[] = [];
  return {
    context: { house, viewer: { projectId: null } } as unknown as Context,
    clock,
    signals,
    state,
    reading,
    shown,
    ended,
    deliver: (payload: string) => void shown.push(payload),
    end: (error?: Error) => void ended.push(error),
    change: (teamId: string) =>
      listeners.forEach((listener) => listener({ projectId: 'project_a', teamId } as Changed)),
  };
}

type Scene = ReturnType<typeof scene>;
const all = ({ context, reading }: Scene) =>
  changeSource(
    context,
    'all',
    () => true,
    ({ teamId }) => reading([teamId!]),
  );
const latest = ({ context, reading }: Scene) =>
  latestSource(
    context,
    'latest',
    ({ teamId }) => [teamId!],
    (id) => reading(id),
  );
const looked = ({ context, reading }: Scene) =>
  latestSource(
    context,
    'looked',
    ({ teamId }) => reading([teamId!]),
    (id) => Promise.resolve(id),
  );

describe.each([
  ['changes', all],
  ['the latest of what changed', latest],
  ['what a change is about', looked],
])('behaviour 9.3: %s, while the database is away', (_, make) => {
  test('is read again at its return, and goes on in order', async () => {
    const at = scene();
    make(at).attach(at.deliver, at.end);
    at.change('team_a');
    at.change('team_b');
    await turn();
    expect([at.shown, at.ended]).toEqual([[], []]);
    at.state.away = false;
    at.signals.reconnected();
    await turn();
    expect(at.shown).toEqual(['team_a', 'team_b']);
    at.change('team_c');
    await turn();
    expect(at.shown).toEqual(['team_a', 'team_b', 'team_c']);
    expect(at.ended).toEqual([]);
  });

  test('is read again in a while, where nobody says that it is back', async () => {
    const at = scene();
    make(at).attach(at.deliver, at.end);
    at.change('team_a');
    await turn();
    at.clock.advance(0.5);
    await turn();
    expect(at.shown).toEqual([]);
    at.state.away = false;
    at.clock.advance(0.5);
    await turn();
    expect([at.shown, at.ended]).toEqual([['team_a'], []]);
  });

  test('is read no more once its last subscriber has left', async () => {
    const at = scene();
    const leave = make(at).attach(at.deliver, at.end);
    at.change('team_a');
    await turn();
    leave();
    const { reads } = at.state;
    at.state.away = false;
    at.signals.reconnected();
    at.clock.advance(10);
    await turn();
    expect(at.state.reads).toBe(reads);
    expect([at.shown, at.ended]).toEqual([[], []]);
  });
});

test.each([
  ['changes', all],
  ['the latest of what changed', latest],
])('a read of %s that fails for another reason ends the subscription with it', async (_, make) => {
  const at = scene();
  const fault = new Error('no such column');
  make({ ...at, reading: () => Promise.reject(fault) }).attach(at.deliver, at.end);
  at.change('team_a');
  await turn();
  expect(at.ended).toEqual([fault]);
});
