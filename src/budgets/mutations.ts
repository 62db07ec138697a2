import { builder } from '../graphql/builder.ts';
import type { Context } from '../graphql/context.ts';
import { answer, MutationPayload, payloadType } from '../graphql/payload.ts';
import { authorize } from '../identity/permissions.ts';
import type { Answer } from './ledger-calls.ts';
import { commitBudget } from './commit.ts';
import type { Reservation } from './moves.ts';
import { findReservation } from './queries.ts';
import { NotGranted } from './refusals.ts';
import { releaseBudget } from './release.ts';
import { reserveBudget } from './reserve.ts';
import type { BudgetCheck } from './rules.ts';
import { setBudgetLimits } from './set-limits.ts';
import { Budget, BudgetCheckType, BudgetLimitsInput, BudgetReservation, loadBudget } from './types.ts';

type BudgetFields = { projectId: string };

const BudgetPayload = payloadType<BudgetFields>('BudgetPayload').implement({
  interfaces: [MutationPayload],
  fields: (t) => ({
    budget: t.field({
      type: Budget,
      nullable: true,
      resolve: ({ projectId }, _, context) => loadBudget(projectId, context),
    }),
  }),
});

type ReservationFields = {
  reservation: Reservation | null;
  check: BudgetCheck | null;
  /** Whose budget is shown; null where there is none to show. */
  projectId: string | null;
};

const ReservationPayload = payloadType<ReservationFields>('BudgetReservationPayload').implement({
  interfaces: [MutationPayload],
  fields: (t) => ({
    reservation: t.field({
      type: BudgetReservation,
      nullable: true,
      description: 'As it stands, also where it could not be moved.',
      resolve: ({ reservation }) => reservation,
    }),
    check: t.field({
      type: BudgetCheckType,
      nullable: true,
      description: 'What the budget said to a reservation.',
      resolve: ({ check }) => check,
    }),
    budget: t.field({
      type: Budget,
      nullable: true,
      description: 'As it stands now.',
      resolve: ({ projectId }, _, context) => (projectId === null ? null : loadBudget(projectId, context)),
    }),
  }),
});

const ReserveBudgetInput = builder.inputType('ReserveBudgetInput', {
  fields: (t) => ({
    projectId: t.id({ required: true }),
    tokens: t.int({ required: true }),
    cost: t.field({ type: 'Decimal', required: true }),
    ttlSeconds: t.int({ defaultValue: 600, description: 'After this the hold is given back.' }),
    idempotencyKey: t.string(),
  }),
});

const shown = async (work: Promise<Answer>): Promise<ReservationFields> => {
  const { reservation, check } = await work;
  return { reservation, check, projectId: reservation.projectId };
};

/** What a refused commit or release shows: the reservation as it stands. */
async function standing(id: string, { viewer, house }: Context): Promise<ReservationFields> {
  const reservation = await findReservation(house.database.query, viewer, id);
  return { reservation, check: null, projectId: reservation?.projectId ?? null };
}

builder.mutationFields((t) => ({
  setBudgetLimits: t.field({
    type: BudgetPayload,
    args: {
      projectId: t.arg.id({ required: true }),
      limits: t.arg({ type: BudgetLimitsInput, required: true }),
    },
    resolve(_, { projectId, limits }, { viewer, house }) {
      authorize(viewer, 'budget.limits');
      return answer<BudgetFields>(
        'budget limits set',
        async () => {
          await setBudgetLimits(house, viewer, { projectId, limits });
          return { projectId };
        },
        () => ({ projectId }),
      );
    },
  }),
  reserveBudget: t.field({
    type: ReservationPayload,
    description: 'Holds an estimate in every line, or nothing.',
    args: { input: t.arg({ type: ReserveBudgetInput, required: true }) },
    resolve(_, { input }, { viewer, house }) {
      authorize(viewer, 'budget.reserve');
      return answer<ReservationFields>(
        'budget reserved',
        () => shown(reserveBudget(house.ledger, viewer, input)),
        (refusal) => ({
          reservation: null,
          check: refusal instanceof NotGranted ? refusal.check : null,
          projectId: input.projectId,
        }),
      );
    },
  }),
  commitBudget: t.field({
    type: ReservationPayload,
    description: 'Settles what was really spent, in full; again with the same figures: the first result.',
    args: {
      reservationId: t.arg.id({ required: true }),
      tokens: t.arg.int({ required: true }),
      cost: t.arg({ type: 'Decimal', required: true }),
    },
    resolve(_, { reservationId, tokens, cost }, context) {
      const { viewer, house } = context;
      authorize(viewer, 'budget.reserve');
      return answer<ReservationFields>(
        'budget committed',
        () => shown(commitBudget(house.ledger, viewer, { reservationId, tokens, cost })),
        () => standing(reservationId, context),
      );
    },
  }),
  releaseBudget: t.field({
    type: ReservationPayload,
    description: 'Gives back what is held. One that holds nothing any more is answered as it stands.',
    args: { reservationId: t.arg.id({ required: true }) },
    resolve(_, { reservationId }, context) {
      const { viewer, house } = context;
      authorize(viewer, 'budget.reserve');
      return answer<ReservationFields>(
        'budget released',
        () => shown(releaseBudget(house.ledger, viewer, reservationId)),
        () => standing(reservationId, context),
      );
    },
  }),
}));
