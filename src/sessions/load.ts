import type { Query } from '../database/query.ts';
import { type Aggregate, type LoadedSession, toAggregate } from './aggregate.ts';
import type { Command } from './change.ts';
import { loadStatement } from './statement.ts';

/** What a batch of commands is about, by whichever id a command names. */
export interface Loaded {
  bySession: Map<string, Aggregate>;
  byIntervention: Map<string, Aggregate>;
  byTask: Map<string, Aggregate>;
  byApproval: Map<string, Aggregate>;
}

export function find(
  loaded: Loaded,
  { sessionId, interventionId, taskId, approvalId }: Command,
): Aggregate | null {
  if (interventionId !== undefined) return loaded.byIntervention.get(interventionId) ?? null;
  if (taskId !== undefined && sessionId === undefined) return loaded.byTask.get(taskId) ?? null;
  if (approvalId !== undefined) return loaded.byApproval.get(approvalId) ?? null;
  return sessionId === undefined ? null : (loaded.bySession.get(sessionId) ?? null);
}

export async function load(query: Query, commands: readonly Command[]): Promise<Loaded> {
  const loaded: Loaded = {
    bySession: new Map(),
    byIntervention: new Map(),
    byTask: new Map(),
    byApproval: new Map(),
  };
  const named = (field: 'sessionId' | 'interventionId' | 'taskId' | 'approvalId'): string[] => [
    ...new Set(commands.flatMap((command) => command[field] ?? [])),
  ];
  const [sessions, interventions] = [named('sessionId'), named('interventionId')];
  const [tasks, approvals] = [named('taskId'), named('approvalId')];
  if (sessions.length + interventions.length + tasks.length + approvals.length === 0) return loaded;
  const undelivered = commands
    .filter((command) => command.withUndelivered)
    .map(({ sessionId }) => sessionId ?? '*');
  const text = loadStatement({
    sessions: sessions.length > 0,
    interventions: interventions.length > 0,
    tasks: tasks.length > 0,
    approvals: approvals.length > 0,
    openApprovals: commands.some((command) => command.withApprovals),
    budgets: commands.some((command) => command.withBudget),
    undelivered: undelivered.length > 0,
    configurations: commands.some((command) => command.withConfiguration),
    authorizations: commands.some((command) => command.withAuthorization),
  });
  const rows = await query<{ found: LoadedSession }>({
    text,
    values: [sessions, interventions, tasks, undelivered, approvals],
  });
  for (const { found } of rows) {
    const aggregate = toAggregate(found);
    loaded.bySession.set(aggregate.session.id, aggregate);
    for (const { id } of aggregate.interventions) loaded.byIntervention.set(id, aggregate);
    for (const { id } of aggregate.tasks) loaded.byTask.set(id, aggregate);
    for (const { id } of aggregate.approvals) loaded.byApproval.set(id, aggregate);
  }
  return loaded;
}
