import { describe, expect, test } from 'vitest';
import { type Changed, createChanges } from '../../src/events/changes.ts';
import type { Tail } from '../../src/events/tail.ts';
import type { Event } from '../../src/generated/prisma/client.ts';
import type { Change } from '../../src/sessions/aggregate.ts';
import { silent } from '../support/database.ts';
import { event, ids } from './support.ts';

/** A log that brings what it is told to. */
function handTail() {
  const listeners = new Set<(events: readonly Event[]) => void>();
  const listen: Tail['listen'] = (listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  return {
    tail: { listen } as Tail,
    bring: (events: Partial<Event>[]) => listeners.forEach((listener) => listener(events as Event[])),
  };
}

const [projectId, teamId] = [ids.next('project'), ids.next('team')];
const logged = (sessionId: string | null, subjectId: string, id = ids.next('event')): Partial<Event> => ({
  ...event({ projectId, teamId, sessionId, subjectId }),
  id,
});
const change = (sessionId: string, eventIds: string[]) =>
  ({ session: { id: sessionId, projectId, teamId }, events: [], eventIds }) as unknown as Change;

function start() {
  const { tail, bring } = handTail();
  const changes = createChanges(tail, silent);
  const told: Changed[] = [];
  changes.listen((changed) => told.push(changed));
  changes.start();
  return { changes, told, bring };
}

describe('changes', () => {
  test('behaviour 9.3: a change of this process is told at the commit, with its row, and once', () => {
    const { changes, told, bring } = start();
    const [id, sessionId] = [ids.next('event'), ids.next('session')];
    changes.committed([change(sessionId, [id])]);
    expect(told).toMatchObject([{ sessionId, session: { id: sessionId } }]);
    bring([logged(sessionId, sessionId, id)]);
    expect(told).toHaveLength(1);
  });

  test('what other replicas changed is told from the log, a session or project at a time, without rows', () => {
    const { told, bring } = start();
    const [one, other] = [ids.next('session'), ids.next('session')];
    const [first, second] = [ids.next('intervention'), ids.next('intervention')];
    const [approval, budget, stop] = [ids.next('approval'), ids.next('budget'), ids.next('stop')];
    bring([
      logged(one, first),
      logged(other, other),
      logged(one, second),
      logged(one, first),
      logged(one, approval),
      logged(null, budget),
      logged(null, stop),
      logged(null, 'key'),
    ]);
    const nothing = {
      session: null,
      sessions: [],
      interventions: [],
      approvals: [],
      budget: false,
      stops: [],
    };
    expect(told).toEqual([
      {
        ...nothing,
        projectId,
        teamId,
        sessionId: one,
        approvals: [{ id: approval, row: null }],
        interventions: [
          { id: first, row: null },
          { id: second, row: null },
        ],
      },
      { ...nothing, projectId, teamId, sessionId: other },
      { ...nothing, projectId, teamId, sessionId: null, budget: true, stops: [stop] },
    ]);
  });

  test('a listener that fails costs neither the others their change nor the verb its answer', () => {
    const { tail, bring } = handTail();
    const changes = createChanges(tail, silent);
    const told: Changed[] = [];
    changes.listen(() => {
      throw new Error('no');
    });
    changes.listen((changed) => told.push(changed));
    changes.start();
    changes.committed([change('session_x', [])]);
    bring([logged('session_y', 'session_y')]);
    expect(told.map(({ sessionId }) => sessionId)).toEqual(['session_x', 'session_y']);
  });
});
