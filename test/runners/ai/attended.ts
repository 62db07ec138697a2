import { respondToApproval } from '../../../src/approvals/respond.ts';
import type { Desk, GatedCall, Runner, Turn } from '../../../src/runners/runner.ts';
import type { RunnerHouse } from '../house.ts';

/** Who decides on the calls of an attended runner. */
export type Attendant = Pick<RunnerHouse, 'deps' | 'person'>;

/**
 * The same runner, with a person beside it who approves some of its calls and their answers at the moment that they are
 * asked for: the turn has them at once. They go through the gate as any other.
 */
export function attended(runner: Runner, attends: (call: GatedCall) => boolean, by: () => Attendant): Runner {
  return {
    ...runner,
    drive(turn: Turn) {
      const call: Desk['call'] = async (step, proposed, run) => {
        for (;;) {
          const outcome = await turn.desk.call(step, proposed, run);
          if (outcome.status !== 'waiting' || !attends(proposed)) return outcome;
          if (!(await approvePending(by(), turn.session.id, outcome.approvalId))) return outcome;
        }
      };
      const desk = new Proxy(turn.desk, {
        get: (target, name: keyof Desk) =>
          name === 'call' ? call : (target[name] as (...given: unknown[]) => unknown).bind(target),
      });
      return runner.drive({ ...turn, desk });
    },
  };
}

/** False: nothing of this call waits for anybody. */
async function approvePending(
  { deps, person }: Attendant,
  sessionId: string,
  callId: string | null,
): Promise<boolean> {
  const waiting = await deps.prisma.approval.findFirst({
    where: { sessionId, status: 'PENDING', OR: [{ id: callId ?? '' }, { callId }] },
  });
  if (waiting === null) return false;
  await respondToApproval(deps, person, waiting.id, { verdict: 'APPROVE' });
  return true;
}
