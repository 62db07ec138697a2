import { describe, expect, it } from 'vitest';
import {
  actOn,
  asked,
  awaitsWorker,
  begun,
  cancelled,
  completed,
  currentStep,
  failed,
  isOpen,
  mayCancel,
  mayInitiate,
  planSettled,
  running,
  stepSettled,
} from '../../src/recovery/rules.ts';
import { NOW, recovery, step } from './item.ts';

const codeOf = (outcome: { ok: boolean; error?: { code: string } }) =>
  outcome.ok ? 'allowed' : outcome.error!.code;
const kindOf = (outcome: ReturnType<typeof actOn>) => (outcome.ok ? outcome.value.kind : outcome.error.code);

describe('who may begin (7.4)', () => {
  it('needs a stop in force and no other recovery open', () => {
    expect(mayInitiate('a stop', null)).toEqual({ ok: true, value: 'a stop' });
    expect(codeOf(mayInitiate(null, null))).toBe('INVALID_STATE');
    expect(codeOf(mayInitiate('a stop', { id: 'other', status: 'FAILED' }))).toBe('INVALID_STATE');
  });
  it.each(['ASSESSMENT', 'WAITING_APPROVAL', 'IN_PROGRESS', 'FAILED'] as const)('%s is open', (status) =>
    expect(isOpen(status)).toBe(true),
  );
  it.each(['COMPLETED', 'REJECTED', 'CANCELLED'] as const)('%s is over', (status) =>
    expect(isOpen(status)).toBe(false),
  );
});

describe("the plan's approval (7.5)", () => {
  const waiting = recovery({ status: 'WAITING_APPROVAL' });
  it.each([
    ['APPROVED', 'IN_PROGRESS', null],
    ['REJECTED', 'REJECTED', NOW],
    ['CANCELLED', 'CANCELLED', NOW],
  ] as const)('%s makes it %s', (verdict, status, completedAt) => {
    expect(planSettled(waiting, verdict, NOW)).toMatchObject({ status, completedAt });
  });
  it.each(['IN_PROGRESS', 'FAILED', 'CANCELLED', 'COMPLETED', 'REJECTED'] as const)(
    'says nothing any more to one that is %s',
    (status) => expect(planSettled(recovery({ status }), 'APPROVED', NOW)).toBeNull(),
  );
});

describe('calling for a step (7.5, 7.6)', () => {
  const withFirst = (status: Parameters<typeof step>[1]) => recovery({ steps: [step(0, status), step(1)] });

  it.each([
    ['PENDING', 'ask'],
    ['REJECTED', 'ask'],
    ['FAILED', 'ask'],
    ['WAITING_APPROVAL', 'waits'],
    ['APPROVED', 'run'],
    ['RUNNING', 'run'],
    ['COMPLETED', 'INVALID_STATE'],
    ['SKIPPED', 'INVALID_STATE'],
  ] as const)('a step that is %s: %s', (status, expected) => {
    expect(kindOf(actOn(withFirst({ status }), 'step 0', null))).toBe(expected);
  });

  it('is refused out of turn, naming the step whose turn it is', () => {
    const outcome = actOn(recovery(), 'step 1', null);
    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'INVALID_STATE', message: expect.stringContaining('step 0') },
    });
  });

  it('passes over what was skipped', () => {
    expect(kindOf(actOn(withFirst({ status: 'SKIPPED' }), 'step 1', null))).toBe('ask');
    expect(currentStep(withFirst({ status: 'SKIPPED' }))?.id).toBe('step 1');
  });

  it.each(['WAITING_APPROVAL', 'REJECTED', 'CANCELLED', 'COMPLETED'] as const)(
    'is refused while it is %s',
    (status) => expect(kindOf(actOn(recovery({ status }), 'step 0', null))).toBe('INVALID_STATE'),
  );

  it('knows no other steps', () => expect(kindOf(actOn(recovery(), 'step 9', null))).toBe('NOT_FOUND'));

  it.each([null, '', '  \n'])('needs a note where it is MANUAL: not %j', (note) => {
    const manual = recovery({ recoveryType: 'MANUAL' });
    expect(kindOf(actOn(manual, 'step 0', note))).toBe('REASON_REQUIRED');
    expect(kindOf(actOn(manual, 'step 0', 'turned the key'))).toBe('ask');
  });
});

describe('a step (7.6)', () => {
  const steps = (status: Parameters<typeof step>[1]) => [step(0, status), step(1)];
  const at = (status: Parameters<typeof step>[1], more = {}) => recovery({ steps: steps(status), ...more });

  it.each(['FAILED', 'REJECTED'] as const)(
    'that was %s and is asked for again takes the recovery on, without what came of it before',
    (status) => {
      const stopped = at({ status, error: 'too much', result: { note: 'x' } }, { status: 'FAILED' });
      const again = asked(stopped, stopped.steps[0]!);
      expect(again.status).toBe('IN_PROGRESS');
      expect(again.steps[0]).toMatchObject({ status: 'WAITING_APPROVAL', error: null, result: null });
    },
  );

  it.each([
    ['APPROVED', 'APPROVED', 'IN_PROGRESS'],
    ['REJECTED', 'REJECTED', 'FAILED'],
    ['CANCELLED', 'REJECTED', 'FAILED'],
  ] as const)('whose approval is %s is %s, and the recovery %s', (verdict, status, whole) => {
    const moved = stepSettled(at({ status: 'WAITING_APPROVAL' }), 'step 0', verdict, 'because')!;
    expect([moved.steps[0]!.status, moved.status]).toEqual([status, whole]);
    if (verdict !== 'APPROVED') expect(moved.steps[0]!.error).toContain('because');
  });

  it('that nobody waits for is not settled', () => {
    expect(stepSettled(at({ status: 'COMPLETED' }), 'step 0', 'APPROVED', null)).toBeNull();
    expect(
      stepSettled(at({ status: 'WAITING_APPROVAL' }, { status: 'CANCELLED' }), 'step 0', 'APPROVED', null),
    ).toBeNull();
  });

  it('begins once, and may be run for as long as it has not ended', () => {
    const approved = at({ status: 'APPROVED' });
    const on = begun(approved, 'step 0', { note: 'mine' })!;
    expect(on.steps[0]).toMatchObject({ status: 'RUNNING', result: { note: 'mine' } });
    expect(begun(on, 'step 0', null)).toBeNull();
    expect(running(on, 'step 0')).toBe(on.steps[0]);
    expect(running(completed(on, on.steps[0]!, {}, NOW), 'step 0')).toBeNull();
    expect(running({ ...on, status: 'CANCELLED' }, 'step 0')).toBeNull();
  });

  it('keeps its note beside what came of it', () => {
    const on = at({ status: 'RUNNING', result: { note: 'mine' } });
    expect(completed(on, on.steps[0]!, { finding: 'fine' }, NOW).steps[0]!.result).toEqual({
      finding: 'fine',
      note: 'mine',
    });
  });

  it('that is the last completes the recovery, and no other does', () => {
    const one = at({ status: 'RUNNING' });
    expect(completed(one, one.steps[0]!, {}, NOW)).toMatchObject({
      status: 'IN_PROGRESS',
      completedAt: null,
    });
    const last = recovery({ steps: [step(0, { status: 'COMPLETED' }), step(1, { status: 'RUNNING' })] });
    expect(completed(last, last.steps[1]!, {}, NOW)).toMatchObject({ status: 'COMPLETED', completedAt: NOW });
  });

  it('that fails stops the recovery there', () => {
    const on = at({ status: 'RUNNING' });
    expect(failed(on, on.steps[0]!, 'too much')).toMatchObject({
      status: 'FAILED',
      completedAt: null,
      steps: [{ status: 'FAILED', error: 'too much' }, { status: 'PENDING' }],
    });
  });
});

describe('a worker has something to do', () => {
  it.each([
    ['AUTOMATED', 'APPROVED', true],
    ['AUTOMATED', 'RUNNING', true],
    ['AUTOMATED', 'WAITING_APPROVAL', false],
    ['GUIDED', 'APPROVED', false],
    ['GUIDED', 'RUNNING', true],
    ['MANUAL', 'RUNNING', true],
  ] as const)('%s with a step that is %s: %s', (recoveryType, status, expected) => {
    expect(awaitsWorker(recovery({ recoveryType, steps: [step(0, { status })] }))).toBe(expected);
  });
  it('not for one that is over', () => {
    expect(awaitsWorker(recovery({ status: 'CANCELLED', steps: [step(0, { status: 'RUNNING' })] }))).toBe(
      false,
    );
  });
});

describe('cancelling (7.6)', () => {
  it.each(['FAILED', 'REJECTED'] as const)(
    'leaves a step that was %s as it is, with its reason',
    (status) => {
      const stopped = recovery({
        status: 'FAILED',
        steps: [step(0, { status, error: 'not on my watch' }), step(1)],
      });
      expect(cancelled(stopped, NOW)).toEqual({ ...stopped, status: 'CANCELLED', completedAt: NOW });
    },
  );

  it.each(['WAITING_APPROVAL', 'IN_PROGRESS', 'FAILED'] as const)('%s can be', (status) =>
    expect(mayCancel(recovery({ status })).ok).toBe(true),
  );
  it.each(['COMPLETED', 'REJECTED', 'CANCELLED'] as const)('%s can not', (status) =>
    expect(codeOf(mayCancel(recovery({ status })))).toBe('INVALID_STATE'),
  );
  it('leaves no step that looks as if it were under way', () => {
    for (const status of ['WAITING_APPROVAL', 'APPROVED', 'RUNNING'] as const) {
      const gone = cancelled(recovery({ steps: [step(0, { status }), step(1)] }), NOW);
      expect(gone).toMatchObject({
        status: 'CANCELLED',
        completedAt: NOW,
        steps: [{ status: 'REJECTED' }, { status: 'PENDING' }],
      });
    }
  });
});
