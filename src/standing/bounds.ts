import { unitsOf } from '../approvals/amounts.ts';
import type { RiskLevel } from '../generated/prisma/enums.ts';
import { type Faults, MAX_MESSAGE } from '../kernel/bounds.ts';
import { conditionFault } from './conditions.ts';
import { isGrantable, LONGEST_SECONDS, MOST_USES } from './rules.ts';

/** What is to be covered: of a grant, and of a simulation of one. */
export interface ScopeInput {
  /** The held call that it is made from: agent and action are its. */
  approvalId: string;
  /** CEL over `input`; left out: any input. */
  condition?: string | null;
  /** LOW or MEDIUM; the call's own when left out. */
  maximumRisk?: RiskLevel | null;
  maximumUses: number;
  /** A decimal's text: dollars. */
  maximumCost: string;
}

/** The faults of a scope, each by its field and bound; answers with the cap in ten-thousandths of a dollar. */
export function checkScope(faults: Faults, input: ScopeInput): bigint | null {
  const { condition, maximumRisk, maximumUses } = input;
  const fault = condition === null || condition === undefined ? null : conditionFault(condition);
  if (fault !== null) faults.add(['condition'], `condition ${fault}`);
  if (maximumRisk !== null && maximumRisk !== undefined && !isGrantable(maximumRisk))
    faults.add(['maximumRisk'], 'maximumRisk must be LOW or MEDIUM');
  if (!Number.isInteger(maximumUses) || maximumUses < 1 || maximumUses > MOST_USES)
    faults.add(['maximumUses'], `maximumUses must be 1 to ${MOST_USES}`);
  return unitsOf(faults, ['maximumCost'], input.maximumCost);
}

export function checkExpiry(faults: Faults, expiresAt: Date, now: Date): void {
  const ahead = expiresAt.getTime() - now.getTime();
  if (!(ahead > 0 && ahead <= LONGEST_SECONDS * 1000))
    faults.add(
      ['expiresAt'],
      `expiresAt must lie ahead, by at most ${LONGEST_SECONDS / (24 * 60 * 60)} days`,
    );
}

export const checkReason = (faults: Faults, reason: string | null | undefined): void =>
  faults.text(['reason'], reason, MAX_MESSAGE);
