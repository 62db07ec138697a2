import type { BudgetAlertType, BudgetLimitType } from '../generated/prisma/enums.ts';
import type { Query } from '../database/query.ts';
import { inScope, type Viewer } from '../identity/viewer.ts';
import { readReservations, selectBudget } from './book.ts';
import type { Reservation } from './moves.ts';
import { lineOf, rolled } from './rules.ts';
import { type BudgetState, reviveBudget, toDecimal, toUnits } from './state.ts';

export interface ShownAlert {
  limitType: BudgetLimitType;
  alertType: BudgetAlertType;
  thresholdValue: string;
  currentValue: string;
  triggeredAt: Date;
}

/** A budget as it is shown: in the periods that run now, whether or not anybody has begun them yet. */
export interface ShownBudget {
  id: string;
  projectId: string;
  timeZone: string;
  state: BudgetState;
  alerts: ShownAlert[];
}

type AlertJson = Record<keyof ShownAlert | 'periodStart', string>;

/** The budgets of these projects, in their order; null for one that there is none of. */
export async function readBudgets(
  query: Query,
  projectIds: readonly string[],
  now: Date,
): Promise<(ShownBudget | null)[]> {
  const rows = await query<Record<string, unknown> & { alerts: AlertJson[] }>({
    text: `SELECT ${selectBudget}, (
        SELECT coalesce(json_agg(json_build_object('limitType', a.limit_type, 'alertType', a.alert_type,
          'periodStart', a.period_start, 'thresholdValue', a.threshold_value::text, 'currentValue', a.current_value::text,
          'triggeredAt', a.triggered_at) ORDER BY a.triggered_at DESC, a.threshold_value DESC), '[]')
        FROM budget_alerts a WHERE a.budget_id = b.id AND a.period_start >= least(b.day_start, b.month_start)) AS alerts
      FROM budgets b WHERE b.project_id = ANY($1::text[])`,
    values: [projectIds],
  });
  const shown = new Map(
    rows.map(({ alerts, ...row }) => {
      const read = reviveBudget(row);
      const state = rolled(read, read.timeZone, now);
      const running = alerts.filter(
        ({ limitType, periodStart }) =>
          lineOf(state, limitType as BudgetLimitType).period.start.getTime() === Date.parse(periodStart),
      );
      const { id, projectId, timeZone } = state;
      return [projectId, { id, projectId, timeZone, state, alerts: running.map(reviveAlert) }];
    }),
  );
  return projectIds.map((projectId) => shown.get(projectId) ?? null);
}

const reviveAlert = ({
  limitType,
  alertType,
  thresholdValue,
  currentValue,
  triggeredAt,
}: AlertJson): ShownAlert => ({
  limitType: limitType as BudgetLimitType,
  alertType: alertType as BudgetAlertType,
  thresholdValue: toDecimal(toUnits(thresholdValue)),
  currentValue: toDecimal(toUnits(currentValue)),
  triggeredAt: new Date(triggeredAt),
});

export async function findReservation(query: Query, viewer: Viewer, id: string): Promise<Reservation | null> {
  const reservation = (await readReservations(query, [id])).get(id);
  return reservation !== undefined && inScope(viewer, reservation.projectId) ? reservation : null;
}
