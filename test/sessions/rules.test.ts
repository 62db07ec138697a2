import { describe, expect, it } from 'vitest';
import type { SessionStatus } from '../../src/generated/prisma/enums.ts';
import {
  active,
  afterSettling,
  hasEnded,
  isLive,
  mayAct,
  pickedUp,
  resumed,
} from '../../src/sessions/rules.ts';
import { aSession, at, item } from '../interventions/item.ts';

const statuses: SessionStatus[] = [
  'ACTIVE',
  'WAITING_FOR_HUMAN',
  'PROCESSING_INTERVENTION',
  'CONTINUING_ASYNC',
  'COMPLETED',
  'FAILED',
  'TIMEOUT',
  'CANCELLED',
  'HALTED',
];
const answered = { unanswered: false, answeredAsync: false, answered: true };
const gone = { unanswered: false, answeredAsync: false, answered: false };
const timedOut = { unanswered: true, answeredAsync: false, answered: false };

describe('behaviour 3: the states', () => {
  it.each(statuses)('%s: who has ended is not live, and only who is live may act', (status) => {
    expect(hasEnded(status)).toBe(['COMPLETED', 'FAILED', 'CANCELLED'].includes(status));
    expect(isLive(status)).toBe(!hasEnded(status) && status !== 'TIMEOUT' && status !== 'HALTED');
    const able = mayAct(aSession({ status }));
    expect(able.ok).toBe(isLive(status));
    if (!able.ok) expect(able.error.code).toBe(status === 'HALTED' ? 'EMERGENCY_STOPPED' : 'INVALID_STATE');
  });
});

describe('behaviour 3.1, 3.2, 3.3, 3.4, 3.8: once an intervention is settled', () => {
  const pending = item({ id: 'intervention_2' });
  it.each([
    ['answered, others pending', aSession(), [pending], answered, 'WAITING_FOR_HUMAN', 'intervention_2'],
    ['timed out, others pending', aSession(), [pending], timedOut, 'WAITING_FOR_HUMAN', 'intervention_2'],
    ['the last answered', aSession(), [], answered, 'ACTIVE', null],
    [
      'the last answered with asyncMode',
      aSession(),
      [],
      { ...answered, answeredAsync: true },
      'CONTINUING_ASYNC',
      null,
    ],
    [
      'the last answered, an earlier one with asyncMode',
      aSession({ answeredAsync: true }),
      [],
      answered,
      'CONTINUING_ASYNC',
      null,
    ],
    [
      'the last answered, an earlier one timed out',
      aSession({ unanswered: true }),
      [],
      answered,
      'TIMEOUT',
      null,
    ],
    ['the last timed out', aSession(), [], timedOut, 'TIMEOUT', null],
    ['the last cancelled', aSession(), [], gone, 'ACTIVE', null],
    [
      'the last cancelled, an earlier one timed out',
      aSession({ unanswered: true }),
      [],
      gone,
      'TIMEOUT',
      null,
    ],
    [
      'the last answered, run inside',
      aSession({ runner: 'inside' }),
      [],
      answered,
      'PROCESSING_INTERVENTION',
      null,
    ],
    ['the last cancelled, run inside', aSession({ runner: 'inside' }), [], gone, 'ACTIVE', null],
  ] as const)('%s', (_, session, interventions, settled, status, currentInterventionId) => {
    const after = afterSettling(session, interventions, settled, at(5));
    expect(after).toMatchObject({ status, currentInterventionId, lastActivity: at(5) });
    expect(after.staleAt === null).toBe(status === 'TIMEOUT');
    if (status === 'ACTIVE' || status === 'CONTINUING_ASYNC')
      expect(after).toMatchObject({ unanswered: false, answeredAsync: false });
  });

  it('one that waited out its stale time is given a new one when it is revived', () => {
    expect(
      resumed(aSession({ status: 'TIMEOUT', staleAt: null, lastActivity: at(7) }), true).staleAt,
    ).toEqual(at(7 + 86_400));
  });
});

it.each([
  [false, 'ACTIVE'],
  [true, 'CONTINUING_ASYNC'],
])('behaviour 3.4: picked up by a worker (asyncMode %s)', (answeredAsync, status) => {
  const session = aSession({ status: 'PROCESSING_INTERVENTION', answeredAsync });
  expect(pickedUp(session, at(1))).toMatchObject({ status, answeredAsync: false, lastActivity: at(1) });
  const waiting = aSession({ answeredAsync });
  expect(pickedUp(waiting, at(1))).toBe(waiting);
});

it('behaviour 3.3: an agent’s next report ends CONTINUING_ASYNC, and nothing else', () => {
  for (const status of statuses)
    expect(active(aSession({ status }), at(1)).status).toBe(
      status === 'CONTINUING_ASYNC' ? 'ACTIVE' : status,
    );
});
