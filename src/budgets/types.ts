import type { BudgetReservation as ReservationRow } from '../generated/prisma/client.ts';
import {
  BudgetLimitType as LimitEnum,
  ReservationStatus as ReservationEnum,
} from '../generated/prisma/enums.ts';
import { builder } from '../graphql/builder.ts';
import { Node } from '../graphql/node.ts';
import type { BudgetCheck as Check } from '../approvals/seams.ts';
import { toDecimal, toUnits } from './state.ts';

const keys = <T extends object>(values: T) => Object.keys(values) as (keyof T & string)[];

export const BudgetLimitType = builder.enumType('BudgetLimitType', { values: keys(LimitEnum) });
const ReservationStatus = builder.enumType('ReservationStatus', { values: keys(ReservationEnum) });

export const BudgetCheck = builder.objectRef<Check>('BudgetCheck').implement({
  description: 'Whether the budget can carry an amount.',
  fields: (t) => ({
    allowed: t.exposeBoolean('allowed'),
    requiresApproval: t.exposeBoolean('requiresApproval'),
    budgetExceeded: t.exposeBoolean('budgetExceeded'),
    emergencyStopRequired: t.exposeBoolean('emergencyStopRequired'),
    violations: t.expose('violations', { type: [BudgetLimitType] }),
  }),
});

const decimal = (value: { toString(): string }): string => toDecimal(toUnits(value.toString()));

export const BudgetReservation = builder.objectRef<ReservationRow>('BudgetReservation').implement({
  interfaces: [Node],
  description: 'Budget that is held until it is committed, released or out of time.',
  fields: (t) => ({
    projectId: t.exposeString('projectId'),
    tokens: t.exposeInt('tokens'),
    cost: t.field({ type: 'Decimal', resolve: ({ cost }) => decimal(cost) }),
    status: t.expose('status', { type: ReservationStatus }),
    committedTokens: t.exposeInt('committedTokens', { nullable: true }),
    committedCost: t.field({
      type: 'Decimal',
      nullable: true,
      resolve: ({ committedCost }) => committedCost && decimal(committedCost),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime' }),
  }),
});
