import type { ReservationStatus } from '../generated/prisma/enums.ts';
import type { Actor } from '../identity/viewer.ts';

/** What a change of another room wants done with its project's money, in its own transaction. */
export type MoneyMove = {
  readonly projectId: string;
  readonly reservationId: string;
} & (
  | {
      /** Takes it off what is free, in every line, or the whole change is lost (behaviour 6.2). */
      readonly kind: 'hold';
      readonly tokens: number;
      /** Ten-thousandths of a dollar. */
      readonly cost: bigint;
      readonly approvalId: string | null;
      readonly createdAt: Date;
      readonly expiresAt: Date;
    }
  /** The real figures, in full, whether or not the hold still stands (behaviour 6.3); a second time nothing. */
  | { readonly kind: 'settle'; readonly tokens: number; readonly cost: bigint }
  /** Real figures that nothing was held for, in full, as a reservation of their own that is committed at once. */
  | {
      readonly kind: 'spend';
      readonly tokens: number;
      readonly cost: bigint;
      readonly approvalId: string | null;
      readonly createdAt: Date;
    }
  /** Gives back what is still held. */
  | { readonly kind: 'release' }
);

/** Whom a move's event is put down to, and what it belongs to beside the project. */
export interface Attribution {
  readonly actor: Actor;
  readonly teamId: string | null;
  readonly sessionId: string | null;
}

export type AttributedMove = MoneyMove & Attribution;

/** A row of `budget_reservations`, its costs in ten-thousandths of a dollar. */
export interface Reservation {
  readonly id: string;
  readonly projectId: string;
  readonly approvalId: string | null;
  readonly tokens: number;
  readonly cost: bigint;
  readonly status: ReservationStatus;
  readonly committedTokens: number | null;
  readonly committedCost: bigint | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}
