import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Ending,
  endingOf,
  type FeedAction,
  type FeedEffect,
  type FeedEvent,
  type FeedState,
  feedAtRest,
  nextFeed,
} from '../../src/workstation/live/feed.ts';
import { eventTypes } from '../../src/events/catalog.ts';
import { feedTypes } from '../../src/workstation/live/feed-types.ts';

const event = (place: number): FeedEvent => ({
  id: `event_${place}`,
  cursor: `c${place}`,
  type: 'session_created',
  projectId: null,
  teamId: null,
  sessionId: null,
  subjectId: 'session_1',
  occurredAt: '2026-03-02T09:00:00Z',
  actor: { kind: 'SYSTEM', id: 'system', name: 'Holdpoint' },
});

function run(actions: readonly FeedAction[], from: FeedState = feedAtRest) {
  let state = from;
  const effects: FeedEffect[] = [];
  for (const action of actions) {
    const [next, wanted] = nextFeed(state, action);
    state = next;
    effects.push(...wanted);
  }
  return { state, effects };
}

describe('the feed', () => {
  test('begins where the log ends, and then has everything read once more', () => {
    const { effects } = run([{ type: 'connected' }, { type: 'started', generation: 1, cursor: 'c7' }]);
    expect(effects).toEqual([
      { do: 'read-start', generation: 1 },
      { do: 'subscribe', generation: 1, after: 'c7' },
      { do: 'refresh' },
    ]);
  });

  test('goes on after the last event that it took, not after where it began', () => {
    const { effects } = run([
      { type: 'connected' },
      { type: 'started', generation: 1, cursor: 'c7' },
      { type: 'event', generation: 1, event: event(8) },
      { type: 'closed' },
      { type: 'connected' },
    ]);
    expect(effects.slice(-3)).toEqual([
      { do: 'deliver', event: event(8) },
      { do: 'subscribe', generation: 3, after: 'c8' },
      { do: 'refresh' },
    ]);
  });

  test('does not listen to what an earlier connection still says', () => {
    const { effects } = run([
      { type: 'connected' },
      { type: 'started', generation: 1, cursor: 'c7' },
      { type: 'closed' },
      { type: 'event', generation: 1, event: event(8) },
      { type: 'ended', generation: 1, why: 'cursor' },
      { type: 'rested', generation: 1, why: 'cursor' },
      { type: 'started', generation: 1, cursor: 'c9' },
    ]);
    expect(effects).toHaveLength(3);
  });

  test('takes an event that is repeated once', () => {
    const { effects } = run([
      { type: 'connected' },
      { type: 'started', generation: 1, cursor: null },
      { type: 'event', generation: 1, event: event(1) },
      { type: 'event', generation: 1, event: event(1) },
    ]);
    expect(effects.filter((effect) => effect.do === 'deliver')).toHaveLength(1);
  });

  test('begins anew, and has everything read, where its place in the log is gone', () => {
    const { state, effects } = run([
      { type: 'connected' },
      { type: 'started', generation: 1, cursor: 'c7' },
      { type: 'ended', generation: 1, why: 'cursor' },
      { type: 'rested', generation: 2, why: 'cursor' },
      { type: 'started', generation: 3, cursor: 'c90' },
    ]);
    expect(effects.slice(-4)).toEqual([
      { do: 'rest', generation: 2, why: 'cursor' },
      { do: 'read-start', generation: 3 },
      { do: 'subscribe', generation: 3, after: 'c90' },
      { do: 'refresh' },
    ]);
    expect(state).toMatchObject({ phase: 'following', cursor: 'c90' });
  });

  test.each([
    ['later', []],
    // What an event that cannot be shown would have told is read instead.
    ['failed', [{ do: 'refresh' }]],
  ] as const)('keeps its place where the server ends it (%s), and hears nothing in between', (why, more) => {
    const { effects } = run([
      { type: 'connected' },
      { type: 'started', generation: 1, cursor: 'c7' },
      { type: 'event', generation: 1, event: event(8) },
      { type: 'ended', generation: 1, why },
      { type: 'event', generation: 1, event: event(10) },
      { type: 'rested', generation: 2, why },
    ]);
    expect(effects.slice(4)).toEqual([
      { do: 'rest', generation: 2, why },
      { do: 'subscribe', generation: 3, after: 'c8' },
      ...more,
    ]);
  });

  test('that had no place yet asks for one, where the server ends it', () => {
    const { effects } = run([
      { type: 'connected' },
      { type: 'started', generation: 1, cursor: null },
      { type: 'ended', generation: 1, why: 'later' },
      { type: 'rested', generation: 2, why: 'later' },
    ]);
    expect(effects.at(-1)).toEqual({ do: 'read-start', generation: 3 });
  });

  test('goes on with the next connection, not with the pause, where the connection breaks in it', () => {
    const { effects } = run([
      { type: 'connected' },
      { type: 'started', generation: 1, cursor: 'c7' },
      { type: 'ended', generation: 1, why: 'later' },
      { type: 'closed' },
      { type: 'rested', generation: 2, why: 'later' },
      { type: 'connected' },
      { type: 'rested', generation: 2, why: 'later' },
    ]);
    expect(effects.slice(3)).toEqual([
      { do: 'rest', generation: 2, why: 'later' },
      { do: 'subscribe', generation: 4, after: 'c7' },
      { do: 'refresh' },
    ]);
  });

  test.each([
    ['BAD_USER_INPUT', 'cursor'],
    ['SERVICE_UNAVAILABLE', 'later'],
    ['RATE_LIMITED', 'later'],
    ['INTERNAL_SERVER_ERROR', 'failed'],
    [undefined, 'failed'],
  ])('takes %s for: %s', (code, why) => {
    expect(endingOf([{ extensions: { code } }])).toBe(why);
  });

  test('loses nothing and repeats nothing, wherever the connection breaks or the server ends it (11.2)', () => {
    // A server with a log that grows, a connection that is cut anywhere; what is on its way when it is cut is lost.
    const steps = fc.array(
      fc.constantFrom('grow', 'send', 'cut', 'connect', 'answer', 'late', 'later', 'failed', 'rest'),
      {
        maxLength: 120,
      },
    );
    fc.assert(
      fc.property(steps, (script) => {
        let log = 3;
        let state = feedAtRest;
        let connected = false;
        let reading: { generation: number; cursor: string } | null = null;
        let subscription: { generation: number; sent: number } | null = null;
        let resting: { generation: number; why: Ending } | null = null;
        let old: FeedAction | null = null;
        let began: number | null = null;
        const delivered: number[] = [];
        const act = (action: FeedAction) => {
          const [next, effects] = nextFeed(state, action);
          state = next;
          for (const effect of effects) {
            if (effect.do === 'read-start') reading = { generation: effect.generation, cursor: `c${log}` };
            if (effect.do === 'subscribe') {
              const sent = Number(effect.after?.slice(1));
              began ??= sent;
              subscription = { generation: effect.generation, sent };
            }
            if (effect.do === 'rest') resting = { generation: effect.generation, why: effect.why };
            if (effect.do === 'deliver') delivered.push(Number(effect.event.id.slice(6)));
          }
        };
        const send = () => {
          if (!connected || subscription === null || subscription.sent >= log) return false;
          subscription.sent += 1;
          old = { type: 'event', generation: subscription.generation, event: event(subscription.sent) };
          act(old);
          return true;
        };
        const answer = () => {
          if (connected && reading !== null) {
            const read = reading;
            reading = null;
            act({ type: 'started', ...read });
          }
        };
        const rest = () => {
          if (resting === null) return;
          const over = resting;
          resting = null;
          act({ type: 'rested', ...over });
        };
        for (const step of script) {
          if (step === 'grow') log += 1;
          if (step === 'send') send();
          if (step === 'answer') answer();
          if (step === 'late' && old !== null) act(old);
          const present = subscription as { generation: number; sent: number } | null;
          if ((step === 'later' || step === 'failed') && connected && present !== null) {
            // An event that cannot be shown is skipped by the server, which goes on behind it.
            if (step === 'failed' && present.sent < log) present.sent += 1;
            act({ type: 'ended', generation: present.generation, why: step });
          }
          if (step === 'rest') rest();
          if (step === 'cut' && connected) {
            connected = false;
            reading = null;
            act({ type: 'closed' });
          }
          if (step === 'connect' && !connected) {
            connected = true;
            act({ type: 'connected' });
          }
        }
        if (!connected) {
          connected = true;
          act({ type: 'connected' });
        }
        rest();
        answer();
        while (send());
        expect(delivered).toEqual(Array.from({ length: log - began! }, (_, index) => began! + 1 + index));
      }),
    );
  });
});

test('pages follow every event but those that come in great numbers, or that no page shows', () => {
  const leftOut = eventTypes.filter((type) => !feedTypes.includes(type));
  expect(leftOut).toEqual([
    'execution_reported',
    'intervention_reminder',
    'signing_key_created',
    'signing_key_retired',
    'signing_key_withdrawn',
    'standing_approval_used',
    'budget_reserved',
    'budget_committed',
    'budget_released',
    'events_pruned',
  ]);
  expect(feedTypes.filter((type) => !(eventTypes as readonly string[]).includes(type))).toEqual([]);
});
