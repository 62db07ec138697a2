import type { RiskLevel, Role } from '../generated/prisma/enums.ts';
import { addSeconds } from '../kernel/clock.ts';
import type { Configuration } from '../supervision/configuration-schema.ts';

/** Who must approve, and how many of them: fixed on the approval when it is asked (behaviour 4.14, 5.4). */
export interface ApprovalTerms {
  requiredRole: Role;
  requiredApprovals: number;
}

const roleByRisk: Record<RiskLevel, Role> = {
  LOW: 'OPERATOR',
  MEDIUM: 'OPERATOR',
  HIGH: 'SUPERVISOR',
  CRITICAL: 'SUPERVISOR',
};

/** How many must approve, by risk; what is left out: one. Kept on the approval as JSON. */
export type Quorum = { [Risk in Lowercase<RiskLevel>]?: number | undefined };

/** What a team asks for. Null: one of each. */
export const quorumOf = (configuration: Configuration | null): Quorum | null =>
  configuration?.human_supervision?.approvals?.quorum ?? null;

/** By risk (behaviour 5.4). The one place that says so. */
export const approvalTerms = (risk: RiskLevel, quorum: Quorum | null): ApprovalTerms => ({
  requiredRole: roleByRisk[risk],
  requiredApprovals: quorum?.[risk.toLowerCase() as Lowercase<RiskLevel>] ?? 1,
});

/** Minutes that a call's approval may be started within, unless its team or its request says otherwise (behaviour 5.3). */
const DEFAULT_TIMEOUT_MINUTES = 30;

export const timeoutMinutes = (configuration: Configuration | null): number =>
  configuration?.human_supervision?.approvals?.timeout_minutes ?? DEFAULT_TIMEOUT_MINUTES;

export const MAX_TIMEOUT_MINUTES = 525_600;

/**
 * Seconds that a call may run once it was started, for all that the budget knows: as long as its estimate stays held.
 * What it cost is settled in full however long it took (behaviour 6.3).
 */
const LONGEST_RUN_SECONDS = 24 * 60 * 60;

export const holdUntil = (expiresAt: Date): Date => addSeconds(expiresAt, LONGEST_RUN_SECONDS);

/** Dollars, in ten-thousandths, and tokens up to which a SUPERVISOR approves more budget (behaviour 6.5). */
const SUPERVISOR_UNITS = 100n * 10_000n;
const SUPERVISOR_TOKENS = 100_000n * 10_000n;

/** `amount` in ten-thousandths of a dollar, or of a token. */
export function overrideTerms(
  of: 'tokens' | 'cost',
  amount: bigint,
): ApprovalTerms & { requiresManagerApproval: boolean } {
  const requiresManagerApproval = amount > (of === 'tokens' ? SUPERVISOR_TOKENS : SUPERVISOR_UNITS);
  return {
    requiredRole: requiresManagerApproval ? 'MANAGER' : 'SUPERVISOR',
    requiredApprovals: 1,
    requiresManagerApproval,
  };
}
