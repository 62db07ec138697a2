import { oneIn, textIn } from '../../search.ts';

export const sessionStatuses = [
  'ACTIVE',
  'WAITING_FOR_HUMAN',
  'PROCESSING_INTERVENTION',
  'CONTINUING_ASYNC',
  'HALTED',
  'TIMEOUT',
  'FAILED',
  'CANCELLED',
  'COMPLETED',
] as const;

export interface SessionsSearch {
  status?: (typeof sessionStatuses)[number] | undefined;
  team?: string | undefined;
  /** An agent's name, as it asks. */
  agent?: string | undefined;
  after?: string | undefined;
  before?: string | undefined;
}

export const sessionsSearch = (search: Record<string, unknown>): SessionsSearch => ({
  status: oneIn(search['status'], sessionStatuses),
  team: textIn(search['team']),
  agent: textIn(search['agent']),
  after: textIn(search['after']),
  before: textIn(search['before']),
});
