import type { Viewer } from '../identity/viewer.ts';
import { Faults } from '../kernel/bounds.ts';
import { DomainError, refuse } from '../kernel/errors.ts';
import { requestIntervention } from '../interventions/request.ts';
import { appendConversationTurn } from '../sessions/append-turn.ts';
import { changeOne } from '../sessions/change-one.ts';
import type { ApprovalDeps } from '../approvals/seams.ts';
import { completeSession, failSession } from '../sessions/end.ts';
import { reportExecutionEvent } from '../sessions/report.ts';
import { asJson } from '../sessions/aggregate.ts';
import { hasEnded } from '../sessions/rules.ts';
import { createTask, finishTask } from '../sessions/tasks.ts';
import { unstorable } from '../kernel/storable.ts';
import { LeaseLost } from './lease.ts';
import { type Passage, passGate, revise } from './gate.ts';
import type { CallOutcome, Desk } from './runner.ts';

/** What a session's runner acts as. Its steps are idempotency keys of this credential. */
export const credentialOf = (sessionId: string): string => `runner:${sessionId}`;

/** An in-house agent, in one session of one project. */
export function runnerViewer(
  session: { id: string; projectId: string; runner: string },
  agentName: string,
): Viewer {
  return {
    actor: { kind: 'AGENT', id: `runner:${session.runner}`, name: agentName, role: 'AGENT' },
    role: 'AGENT',
    projectId: session.projectId,
    credentialId: credentialOf(session.id),
    expiresAt: null,
  };
}

/**
 * The verbs, bound to one session whose runner was handed the answers of these interventions. `deps` are fenced; `close`
 * refuses whatever a turn that is over still tries.
 */
export function openDesk(
  deps: ApprovalDeps,
  session: { id: string; projectId: string; runner: string },
  handed: ReadonlySet<string>,
  signal: AbortSignal,
): { desk: Desk; close(): void } {
  const sessionId = session.id;
  let closed = false;
  const as = (agentName: string): Viewer => {
    if (closed) throw new LeaseLost('the turn is over');
    return runnerViewer(session, agentName);
  };
  const house = () => as(session.runner);
  /** Steps whose call is on its way in this turn: a second one asks the first how it goes. */
  const passing = new Map<string, Promise<CallOutcome>>();
  const once = (step: string, pass: () => Promise<CallOutcome>): Promise<CallOutcome> => {
    const known = passing.get(step);
    if (known !== undefined) return known;
    const going = pass().finally(() => passing.delete(step));
    passing.set(step, going);
    return going;
  };
  const passage = (step: string): Passage => ({ viewer: house(), sessionId, step: named(step), signal });
  const desk: Desk = {
    now: () => deps.clock.now(),
    ask: async (step, question) =>
      (
        await requestIntervention(deps, as(question.agentName), {
          ...question,
          sessionId,
          idempotencyKey: named(step),
        })
      ).reply,
    async report(step, report) {
      const { reply } = await reportExecutionEvent(deps, as(report.agentName), {
        ...report,
        sessionId,
        idempotencyKey: named(step),
      });
      const { directive, interventionId } = reply;
      // A turn that is run again may come to it when a person has answered already: nothing would wake it once more.
      const waits = directive === 'PAUSE' && (await isAsked(deps, interventionId));
      return { directive: directive === 'PAUSE' && !waits ? 'CONTINUE' : directive, interventionId };
    },
    async say(step, turn) {
      await appendConversationTurn(deps, as(turn.agentName), sessionId, {
        ...turn,
        idempotencyKey: named(step),
      });
    },
    createTask: async (step, task) =>
      (await createTask(deps, as(task.agentName), { ...task, sessionId, idempotencyKey: named(step) })).reply,
    async finishTask(taskId, status, result) {
      await finishTask(deps, house(), { taskId, status, result: result ?? null });
    },
    call: (step, call, run) => once(step, async () => passGate(deps, passage(step), call, run)),
    revise: (step, result) => once(step, async () => revise(deps, passage(step), result)),
    async save(state) {
      const faults = new Faults();
      faults.jsonObject(['state'], state);
      if (!Number.isInteger(state?.v))
        faults.add(['state', 'v'], 'v must be the version of the state, a whole number');
      if (faults.errors.length > 0) throw new DomainError(faults.errors);
      await changeOne(deps, house(), {
        sessionId,
        decide(draft, { session: { status } }) {
          if (hasEnded(status))
            return { refusal: [{ code: 'INVALID_STATE', message: `the session is ${status}` }] };
          draft.session = { ...draft.session, runnerState: asJson(state) };
          return { reply: null };
        },
      });
    },
    async complete(result) {
      await completeSession(deps, house(), sessionId, result ?? null);
    },
    async fail(reason) {
      await failSession(deps, house(), sessionId, reason, handed);
    },
  };
  return {
    desk: sound(desk),
    close() {
      closed = true;
    },
  };
}

/** The same, refusing what no door lets in (behaviour 10.2): a runner says what models and remote agents said. */
function sound(desk: Desk): Desk {
  const checked =
    (name: string, verb: (...given: never[]) => unknown) =>
    async (...given: unknown[]) => {
      for (const value of given) {
        const fault = unstorable(value, name);
        if (fault !== null) throw refuse('INVALID_INPUT', fault, [name]);
      }
      return verb(...(given as never[]));
    };
  const { now, ...verbs } = desk;
  const entries = Object.entries(verbs).map(([name, verb]) => [name, checked(name, verb)] as const);
  return { now, ...(Object.fromEntries(entries) as unknown as Omit<Desk, 'now'>) };
}

async function isAsked({ prisma }: ApprovalDeps, id: string | null): Promise<boolean> {
  const row = id === null ? null : await prisma.intervention.findUnique({ where: { id } });
  return row?.status === 'PENDING';
}

/** The gate puts a word of its own behind some: they must stay within what an idempotency key may have. */
function named(step: string): string {
  if (typeof step === 'string' && step.length > 0 && step.length <= 200) return step;
  throw refuse('INVALID_INPUT', 'a step must have 1 to 200 characters', ['step']);
}
