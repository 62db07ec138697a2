import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Fact } from '../events/seal.ts';
import type { Approval, PrismaClient } from '../generated/prisma/client.ts';
import { ApprovalKind } from '../generated/prisma/enums.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Change } from '../sessions/aggregate.ts';
import { analysisOf } from './proposal.ts';

/** Seconds, from a glance to a day. */
const BUCKETS = [1, 5, 15, 30, 60, 120, 300, 900, 3600, 14_400, 86_400];

interface Deps {
  registry: Registry;
  prisma: PrismaClient;
  clock: Clock;
  log: Log;
}

export interface ApprovalMetrics {
  /** What this process has committed of sessions. */
  committed(changes: readonly Change[]): void;
  /** What this process has sealed of what belongs to no session. */
  sealed(facts: readonly Fact[]): void;
}

/** Approvals of every kind: asked, decided, waiting; and what became of answers that the analysis had flagged. */
export function createApprovalMetrics({ registry, prisma, clock, log }: Deps): ApprovalMetrics {
  const registers = [registry];
  const requested = new Counter({
    name: 'approvals_requested_total',
    help: 'Approvals asked for, by kind.',
    labelNames: ['kind'],
    registers,
  });
  const decided = new Histogram({
    name: 'approval_decision_duration_seconds',
    help: 'Seconds from asking for an approval to its end, by kind and by how it ended.',
    labelNames: ['kind', 'status'],
    buckets: BUCKETS,
    registers,
  });
  const started = new Counter({
    name: 'agent_calls_started_total',
    help: 'Calls of agents that used up an approval and began.',
    registers,
  });
  const answers = new Counter({
    name: 'agent_answers_total',
    help: 'Answers of agents that people decided on, by the gravest flag that the analysis had raised and by what they decided.',
    labelNames: ['flagged', 'status'],
    registers,
  });
  const alerts = new Counter({ name: 'safety_alerts_total', help: 'Answers flagged CRITICAL.', registers });
  gauges({ registers, prisma, clock });

  const resolved = (row: Pick<Approval, 'kind' | 'createdAt' | 'respondedAt'>, status: string) => {
    const end = row.respondedAt ?? clock.now();
    decided.observe({ kind: row.kind, status }, Math.max(end.getTime() - row.createdAt.getTime(), 0) / 1000);
  };
  return {
    committed(changes) {
      for (const { events, approvalsAsked = [], approvalsUpdated = [] } of changes) {
        for (const { kind } of approvalsAsked) requested.inc({ kind });
        for (const { type, subjectId, data } of events) {
          if (type === 'agent_call_started') started.inc();
          if (type === 'safety_alert') alerts.inc();
          if (type !== 'approval_resolved') continue;
          const row = [...approvalsUpdated, ...approvalsAsked].find(({ id }) => id === subjectId);
          if (row === undefined) continue;
          const status = String(data.status);
          resolved(row, status);
          if (row.kind !== 'RESPONSE') continue;
          const { flags, level } = analysisOf(row);
          answers.inc({ flagged: flags.length === 0 ? 'NONE' : level, status });
        }
      }
    },
    sealed(facts) {
      for (const { type } of facts) {
        if (type === 'budget_override_requested') requested.inc({ kind: 'BUDGET_OVERRIDE' });
        if (type === 'recovery_plan_requested') requested.inc({ kind: 'RECOVERY_PLAN' });
        if (type === 'recovery_step_requested') requested.inc({ kind: 'RECOVERY_STEP' });
      }
      const ends = facts.filter(({ type }) => type === 'approval_resolved');
      if (ends.length === 0) return;
      // Few: budgets' and recoveries'. Calls and answers that a stop cancelled are among them.
      prisma.approval
        .findMany({ where: { id: { in: ends.map(({ subjectId }) => subjectId) } } })
        .then((rows) => {
          const byId = new Map(rows.map((row) => [row.id, row]));
          for (const { subjectId, data } of ends) {
            const row = byId.get(subjectId);
            if (row !== undefined) resolved(row, String(data.status));
          }
        })
        .catch((error: unknown) => log.warn({ err: error }, 'decisions could not be counted'));
    },
  };
}

function gauges({
  registers,
  prisma,
  clock,
}: Pick<Deps, 'prisma' | 'clock'> & { registers: Registry[] }): void {
  const oldest = new Gauge({
    name: 'approval_oldest_pending_seconds',
    help: 'Age of the oldest approval that is pending, by kind, in the whole database; 0 where none is.',
    labelNames: ['kind'],
    registers,
  });
  new Gauge({
    name: 'approvals_pending',
    help: 'Approvals pending, by kind, in the whole database.',
    labelNames: ['kind'],
    registers,
    async collect() {
      // The status is written out, so that the planner may take an index of what is pending.
      const rows = await prisma.$queryRaw<{ kind: ApprovalKind; count: number; since: Date }[]>`
        SELECT kind::text AS kind, count(*)::int AS count, min(created_at) AS since FROM approvals
        WHERE status = 'PENDING' GROUP BY kind`;
      for (const kind of Object.values(ApprovalKind)) {
        const row = rows.find((each) => each.kind === kind);
        this.set({ kind }, row?.count ?? 0);
        oldest.set({ kind }, row ? (clock.now().getTime() - row.since.getTime()) / 1000 : 0);
      }
    },
  });
}
