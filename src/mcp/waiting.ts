import { z } from 'zod';
import type { Connection } from '../client/connection.ts';
import { acknowledge } from '../client/documents.ts';
import { HoldpointError } from '../client/errors.ts';
import { untilSettled } from '../client/wait.ts';
import { approvalAnswer, interventionAnswer } from './answers.ts';
import * as documents from './documents.ts';
import { type Tool, tool } from './tool.ts';

/** Seconds: under the minute after which common clients give a call up. */
const LONGEST_WAIT = 50;
/** Milliseconds between two notes that it is still waited for. */
const PROGRESS_EVERY = 5_000;

export const waiting: readonly Tool[] = [
  tool({
    name: 'wait_for_decision',
    title: 'Wait for the decision',
    description:
      'Waits until a person has decided what was asked, for at most max_seconds; then answers with status "pending", and is to be called again with the same id. Takes an intervention_id or an approval_id.',
    readOnly: false,
    idempotent: true,
    input: z.strictObject({
      id: z.string().describe('An intervention_id or approval_id'),
      max_seconds: z.number().min(0).max(LONGEST_WAIT).default(45),
    }),
    async run(connection, { id, max_seconds }, { signal, progress }) {
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(), max_seconds * 1_000);
      const still = setInterval(() => progress('waiting for a person'), PROGRESS_EVERY);
      try {
        return await settled(connection, id, AbortSignal.any([signal, late.signal]));
      } catch (error) {
        if (!late.signal.aborted || signal.aborted) throw error;
        return { status: 'pending', id, message: 'Nobody has decided yet: call wait_for_decision again.' };
      } finally {
        clearTimeout(timer);
        clearInterval(still);
      }
    },
  }),
];

async function settled(
  connection: Connection,
  id: string,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  if (id.startsWith('approval_')) {
    return untilSettled(connection, {
      id,
      read: documents.approvalStatus,
      signal,
      settled({ approval }) {
        if (approval == null) throw new HoldpointError('NOT_FOUND', `there is no approval ${id}`);
        return approval.status === 'PENDING' ? null : approvalAnswer(approval);
      },
    });
  }
  const answer = await untilSettled(connection, {
    id,
    read: documents.interventionStatus,
    signal,
    settled({ intervention }) {
      if (intervention == null) throw new HoldpointError('NOT_FOUND', `there is no intervention ${id}`);
      return intervention.status === 'PENDING' ? null : interventionAnswer(intervention);
    },
  });
  // The agent has it with this very answer (behaviour 4.13).
  if (answer.resolved) await connection.request(acknowledge, { id }).catch(() => {});
  return answer;
}
