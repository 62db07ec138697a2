import DataLoader from 'dataloader';
import type { ReservationStatus } from '../generated/prisma/enums.ts';
import { builder } from '../graphql/builder.ts';
import type { Context } from '../graphql/context.ts';
import { Node } from '../graphql/node.ts';
import { inScope } from '../identity/viewer.ts';
import type { Reservation } from './moves.ts';
import { readBudgets, type ShownAlert, type ShownBudget } from './queries.ts';
import { alertTypes, type BudgetCheck, isTokens, limitTypes, type Line, lines } from './rules.ts';
import { toDecimal } from './state.ts';

/** One query for all the budgets that one request shows at a time; always as they stand. */
const loaders = new WeakMap<Context, DataLoader<string, ShownBudget | null>>();

/** A project's budget, or null where the viewer can't see one. */
export async function loadBudget(projectId: string, context: Context): Promise<ShownBudget | null> {
  const { viewer, house } = context;
  if (!inScope(viewer, projectId)) return null;
  let loader = loaders.get(context);
  if (loader === undefined) {
    loader = new DataLoader((ids) => readBudgets(house.database.query, ids, house.clock.now()), {
      cache: false,
    });
    loaders.set(context, loader);
  }
  return loader.load(projectId);
}

/** Every project has one. */
export async function mustLoadBudget(projectId: string, context: Context): Promise<ShownBudget> {
  const budget = await loadBudget(projectId, context);
  if (budget === null) throw new Error(`the project ${projectId} has no budget`);
  return budget;
}

export const BudgetLimitTypeEnum = builder.enumType('BudgetLimitType', { values: limitTypes });
const BudgetAlertTypeEnum = builder.enumType('BudgetAlertType', { values: alertTypes });
const ReservationStatusEnum = builder.enumType('ReservationStatus', {
  values: ['HELD', 'COMMITTED', 'RELEASED', 'EXPIRED'] as const satisfies readonly ReservationStatus[],
});

const BudgetLine = builder.objectRef<Line>('BudgetLine').implement({
  description: 'Tokens or dollars, of a day or a month.',
  fields: (t) => {
    const amount = (of: (line: Line) => bigint, description?: string) =>
      t.field({
        type: 'Decimal',
        ...(description && { description }),
        resolve: (line) => toDecimal(isTokens(line.limitType) ? of(line) * 10_000n : of(line)),
      });
    return {
      limitType: t.expose('limitType', { type: BudgetLimitTypeEnum }),
      limit: amount(({ limit }) => limit),
      used: amount(({ used }) => used, 'What was committed in this period, whenever it was held.'),
      reserved: amount(
        ({ reserved }) => reserved,
        'Held by reservations that have been neither committed nor released.',
      ),
      overridden: amount(({ overridden }) => overridden, 'Granted by approved overrides for this period.'),
      remaining: amount(
        ({ remaining }) => remaining,
        'Below 0 where more was spent than was held, or the limit was lowered.',
      ),
      periodStart: t.field({ type: 'DateTime', resolve: ({ period }) => period.start }),
      resetsAt: t.field({ type: 'DateTime', resolve: ({ period }) => period.end }),
    };
  },
});

const BudgetAlert = builder.objectRef<ShownAlert>('BudgetAlert').implement({
  description: 'A level that a line has reached in its running period.',
  fields: (t) => ({
    alertType: t.expose('alertType', { type: BudgetAlertTypeEnum }),
    thresholdType: t.field({ type: BudgetLimitTypeEnum, resolve: ({ limitType }) => limitType }),
    thresholdValue: t.expose('thresholdValue', { type: 'Decimal' }),
    currentValue: t.expose('currentValue', { type: 'Decimal' }),
    triggeredAt: t.expose('triggeredAt', { type: 'DateTime' }),
  }),
});

export const Budget = builder.objectRef<ShownBudget>('Budget').implement({
  interfaces: [Node],
  description: 'What a project may spend, has spent and holds, by day and month of its time zone.',
  fields: (t) => ({
    id: t.exposeID('id'),
    projectId: t.exposeString('projectId'),
    timeZone: t.exposeString('timeZone', { description: 'A change holds from the next period on.' }),
    lines: t.field({ type: [BudgetLine], resolve: ({ state }) => lines(state) }),
    alerts: t.field({
      type: [BudgetAlert],
      description: 'Those of the running periods, newest first.',
      resolve: ({ alerts }) => alerts,
    }),
    emergencyStopTriggered: t.boolean({ resolve: ({ state }) => state.stopped }),
    updatedAt: t.field({ type: 'DateTime', resolve: ({ state }) => state.updatedAt }),
  }),
});

export const BudgetCheckType = builder.objectRef<BudgetCheck>('BudgetCheck').implement({
  description: 'What the budget says to an estimate.',
  fields: (t) => ({
    allowed: t.exposeBoolean('allowed', {
      description: 'It fits into every line, and the project is not stopped.',
    }),
    requiresApproval: t.exposeBoolean('requiresApproval', {
      description: 'Only an override would allow it.',
    }),
    budgetExceeded: t.exposeBoolean('budgetExceeded'),
    emergencyStopRequired: t.exposeBoolean('emergencyStopRequired', {
      description: "It would take the day's cost past 150 % of its limit: asking for it stops the project.",
    }),
    violations: t.field({
      type: [BudgetLimitTypeEnum],
      resolve: ({ violations }) => violations,
    }),
  }),
});

export const BudgetReservation = builder.objectRef<Reservation>('BudgetReservation').implement({
  interfaces: [Node],
  fields: (t) => ({
    id: t.exposeID('id'),
    projectId: t.exposeString('projectId'),
    tokens: t.exposeInt('tokens'),
    cost: t.field({ type: 'Decimal', resolve: ({ cost }) => toDecimal(cost) }),
    status: t.expose('status', { type: ReservationStatusEnum }),
    committedTokens: t.exposeInt('committedTokens', { nullable: true }),
    committedCost: t.field({
      type: 'Decimal',
      nullable: true,
      resolve: ({ committedCost }) => (committedCost === null ? null : toDecimal(committedCost)),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime' }),
  }),
});

export const BudgetLimitsInput = builder.inputType('BudgetLimitsInput', {
  description: 'Any of the limits; what is left out stays as it is.',
  fields: (t) => ({
    dailyTokens: t.int(),
    monthlyTokens: t.int(),
    dailyCost: t.field({ type: 'Decimal' }),
    monthlyCost: t.field({ type: 'Decimal' }),
    timeZone: t.string({ description: 'IANA name; holds from the next period on.' }),
  }),
});
