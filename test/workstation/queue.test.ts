import { describe, expect, test } from 'vitest';
import { arrange, facetsOf, type Looking, matches } from '../../src/workstation/queue/arrange.ts';
import { kindsOf, type Looked, planBulk } from '../../src/workstation/queue/bulk.ts';
import type { Item } from '../../src/workstation/queue/item.ts';
import { Queue } from '../../src/workstation/queue/queue.ts';

const item = (id: string, more: Partial<Item> = {}): Item => ({
  id,
  kind: 'intervention',
  type: 'DECISION',
  urgency: 'NORMAL',
  title: `may ${id}?`,
  input: '',
  agent: 'coder',
  teamId: 'team_1',
  projectId: null,
  sessionId: 'session_1',
  createdAt: '2026-03-02T09:00:00.000Z',
  expiresAt: null,
  requiredRole: 'OPERATOR',
  escalationLevel: 0,
  frozen: false,
  claimedBy: null,
  votes: [],
  requiredVotes: 1,
  ...more,
});
const found = (...items: Item[]) => items.map((each) => ({ id: each.id, item: each }));
const operator: Looking = { viewerId: 'user_1', has: (role) => ['VIEWER', 'OPERATOR'].includes(role) };

describe('the queue', () => {
  test('says which of what was read is new', () => {
    const queue = new Queue();
    expect(queue.take(queue.begin(), found(item('a'), item('b'))).map(({ id }) => id)).toEqual(['a', 'b']);
    expect(queue.take(queue.begin(), found(item('b'), item('c'))).map(({ id }) => id)).toEqual(['c']);
  });

  test('lets no read that began earlier replace what a later one found', () => {
    const queue = new Queue();
    const [slow, quick] = [queue.begin(), queue.begin()];
    queue.take(quick, found(item('a', { claimedBy: { id: 'user_2', name: 'Ada' } })));
    queue.take(slow, found(item('a')));
    expect(queue.get('a')?.claimedBy?.name).toBe('Ada');
  });

  test('never shows again what was over, whichever page still holds it', () => {
    const queue = new Queue();
    const page = queue.begin();
    queue.take(queue.begin(), [{ id: 'a', item: null }]);
    queue.take(page, found(item('a')));
    queue.take(queue.begin(), found(item('a')));
    expect(queue.items).toEqual([]);
  });

  test('drops what a whole new reading did not find, and keeps what came meanwhile', () => {
    const queue = new Queue();
    queue.take(queue.begin(), found(item('gone'), item('stays')));
    const pass = queue.begin();
    queue.take(queue.begin(), found(item('new')));
    queue.take(queue.begin(), found(item('stays')));
    queue.sweep(pass);
    expect(queue.items.map(({ id }) => id)).toEqual(['stays', 'new']);
  });
});

describe('what is shown of it', () => {
  const all = [
    item('1', { urgency: 'LOW', expiresAt: '2026-03-02T10:00:00.000Z' }),
    item('2', {
      urgency: 'CRITICAL',
      type: 'AGENT_CALL',
      kind: 'approval',
      teamId: null,
      projectId: 'project_1',
    }),
    item('3', { expiresAt: '2026-03-02T11:00:00.000Z', agent: 'tester', requiredRole: 'MANAGER' }),
    item('4', { expiresAt: '2026-03-02T09:30:00.000Z', claimedBy: { id: 'user_1', name: 'Me' } }),
    item('5', {
      expiresAt: '2026-03-02T09:01:00.000Z',
      frozen: true,
      claimedBy: { id: 'user_2', name: 'Ada' },
    }),
  ];
  const shown = (view: object) =>
    arrange(all, view, operator).map(({ key, items }) => [key, items.map(({ id }) => id).join('')]);

  test('stands in groups, the gravest first, and in each what runs out first; what stands still is last', () => {
    expect(shown({})).toEqual([
      ['CRITICAL', '2'],
      ['NORMAL', '435'],
      ['LOW', '1'],
    ]);
  });
  test.each([
    [{ group: 'none', order: 'newest' }, [['', '54321']]],
    [
      { group: 'role' },
      [
        ['MANAGER', '3'],
        ['OPERATOR', '4152'],
      ],
    ],
    [
      { group: 'team' },
      [
        ['project_1', '2'],
        ['team_1', '4135'],
      ],
    ],
    [{ group: 'none', type: ['AGENT_CALL'] }, [['', '2']]],
    [{ group: 'none', mine: true }, [['', '4']]],
    [{ group: 'none', free: true }, [['', '4132']]],
    [{ group: 'none', able: true }, [['', '4152']]],
    [{ group: 'none', words: 'MAY tester' }, [['', '3']]],
    [{ group: 'none', team: ['project_1'], urgency: ['CRITICAL'] }, [['', '2']]],
  ])('by %o', (view, groups) => {
    expect(shown(view)).toEqual(groups);
  });
  test('is sought by what a row shows of it, the very words first, and by nothing that is not seen', () => {
    const named: Looking = { ...operator, nameOf: (id) => (id === 'team_1' ? 'Payments' : undefined) };
    const seek = (words: string) =>
      arrange(
        [
          item('intervention_3', { title: 'Read file 4-1', agent: 'three' }),
          item('b', { title: 'Read 3\nold   file', input: 'path: /srv/x' }),
          item('c', { title: 'please Read  file 3', type: 'APPROVAL', teamId: null, projectId: 'p' }),
        ],
        { group: 'none', words },
        named,
      )
        .flatMap(({ items }) => items.map(({ id }) => id))
        .join(' ');
    expect(seek('Read file 3')).toBe('c b');
    expect(seek('read  FILE')).toBe('c intervention_3 b');
    expect(seek('payments')).toBe('b intervention_3');
    expect(seek('approval')).toBe('c');
    expect(seek('/srv/x')).toBe('b');
    expect(seek('intervention')).toBe('');
  });
  test('who has voted may not vote again', () => {
    expect(matches(item('x', { votes: ['user_1'] }), { able: true }, operator)).toBe(false);
  });
  test('is counted whole, whatever is shown', () => {
    const facets = facetsOf(all, operator);
    expect([facets.mine, facets.urgency.get('NORMAL'), facets.team.get('team_1')]).toEqual([1, 3, 4]);
  });
});

describe('a bulk action', () => {
  const looked = (id: string, more: Partial<Item> = {}, form = false): Looked => ({
    item: item(id, more),
    form,
    needsReason: false,
  });
  const plan = (verb: 'approve' | 'reject' | 'claim', ...all: Looked[]) => {
    const { will, left } = planBulk(verb, all, { over: [item('over')], unknown: [] }, operator);
    return {
      will: will.map((each) => each.item.id),
      left: left.map(({ item: { id }, why }) => `${id}: ${why}`),
    };
  };
  test('goes to none that is CRITICAL, has a form, is of another kind, or is not this person’s to answer', () => {
    expect(
      plan(
        'approve',
        looked('plain'),
        looked('mine', { claimedBy: { id: 'user_1', name: 'Me' } }),
        looked('critical', { urgency: 'CRITICAL' }),
        looked('form', {}, true),
        looked('kind', { type: 'ESCALATION' }),
        looked('frozen', { frozen: true }),
        looked('claimed', { claimedBy: { id: 'user_2', name: 'Ada' } }),
        looked('role', { requiredRole: 'ADMIN' }),
        looked('voted', { votes: ['user_1'] }),
      ),
    ).toEqual({
      will: ['plain', 'mine'],
      left: [
        'over: over',
        'critical: critical',
        'form: form',
        'kind: kind',
        'frozen: frozen',
        'claimed: claimed',
        'role: role',
        'voted: voted',
      ],
    });
  });
  test('rejects what is frozen, and claims what is CRITICAL or has a form', () => {
    expect(plan('reject', looked('a', { frozen: true })).will).toEqual(['a']);
    expect(plan('claim', looked('a', { urgency: 'CRITICAL' }), looked('b', {}, true)).will).toEqual([
      'a',
      'b',
    ]);
  });
  test('counts the kinds that were selected', () => {
    expect(kindsOf([item('a', { type: 'RESPONSE' }), item('b'), item('c')])).toEqual([
      { type: 'DECISION', count: 2 },
      { type: 'RESPONSE', count: 1 },
    ]);
  });
});
