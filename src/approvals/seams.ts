import type { Tx } from '../database/transact.ts';
import type { Announcement } from '../events/changes.ts';
import type { NewEvent } from '../events/append.ts';
import type { Approval, PrismaClient } from '../generated/prisma/client.ts';
import type {
  AgentType,
  ApprovalKind,
  ApprovalStatus,
  BudgetLimitType,
  RiskLevel,
} from '../generated/prisma/enums.ts';
import type { Actor } from '../identity/viewer.ts';
import type { Json } from '../kernel/json.ts';
import type { WordDeps } from '../privacy/privacy.ts';
import type { SessionDeps } from '../sessions/deps.ts';

// What approvals need of other rooms, and no more of it than this: put together in app.ts.

export const riskFlagCategories = [
  'CONTENT',
  'CODE',
  'SECRET',
  'PRIVACY',
  'COMPLETENESS',
  'CONSISTENCY',
  'COST',
  'POLICY',
] as const;
export type RiskFlagCategory = (typeof riskFlagCategories)[number];

export interface RiskFlag {
  category: RiskFlagCategory;
  code: string;
  level: RiskLevel;
  message: string;
  evidence: string | null;
}

/** `score` is 0 (harmless) to 1. */
export interface RiskAssessment {
  level: RiskLevel;
  score: number;
  factors: RiskFlag[];
}

/** What an agent has done so far: its calls of the last 30 days, the newest thousand at most. */
export interface AgentHistory {
  calls: number;
  rejected: number;
  /** Calls whose task FAILED. */
  failed: number;
  /** Answers with a flag of HIGH or CRITICAL. */
  flagged: number;
}

export interface ProposedCall {
  agentName: string;
  agentType: AgentType;
  proposedAction: string;
  input: Json;
  estimatedTokens: number;
  /** Ten-thousandths of a dollar. */
  estimatedCost: bigint;
  history: AgentHistory;
  /** What is left of each line: tokens, or dollars; may be negative. */
  remaining: Partial<Record<BudgetLimitType, number>>;
}

export interface GivenAnswer {
  agentType: AgentType;
  /** What the task and the call asked for. */
  instructions: string;
  response: Json;
  summary: string | null;
  nextSteps: readonly string[];
  confidence: number | null;
}

export interface ResponseAnalysis {
  level: RiskLevel;
  flags: RiskFlag[];
  /** All three are 0 to 1. */
  confidenceScore: number;
  safetyScore: number;
  qualityMetrics: object;
  recommendations: string[];
}

/** Both run before the transaction: they may take seconds. Neither rejects for what it found, or could not look at. */
export interface Safety {
  assess(call: ProposedCall): Promise<RiskAssessment>;
  analyze(answer: GivenAnswer): Promise<ResponseAnalysis>;
}

export interface Permits {
  /** SHA-256, hex, of the canonical JSON of the three (behaviour 5.6). */
  digestOf(action: { agentName: string; proposedAction: string; input: Json }): string;
  sign(permit: {
    approvalId: string;
    projectId: string;
    digest: string;
    expiresAt: Date;
    jti: string;
  }): Promise<string>;
}

/** How an approval that belongs to no session ended. */
export interface Settlement {
  approval: Approval;
  status: Exclude<ApprovalStatus, 'PENDING'>;
  actor: Actor;
  now: Date;
}

/** What another room has done about it in the same transaction. */
export interface Consequences {
  /** Written there too. */
  events: readonly NewEvent[];
  /** Called once it is committed: to tell of what the approval itself says nothing of. Must not throw. */
  afterwards?: () => void;
}

/** What another room does about it in the same transaction. Throws DomainError where it can't be: nothing is settled then. */
export type OnSettled = (tx: Tx, settlement: Settlement) => Promise<Consequences>;

export interface ApprovalDeps extends SessionDeps, WordDeps {
  database: { prisma: PrismaClient };
  safety: Safety;
  permits: Permits;
  onSettled: Partial<Record<ApprovalKind, OnSettled>>;
  changes: { announce(announcement: Announcement): void };
  /** Say that events were committed. */
  committed: () => void;
}

/** What approvals that belong to no session take. */
export type ProjectApprovalDeps = Pick<
  ApprovalDeps,
  'prisma' | 'database' | 'clock' | 'ids' | 'vault' | 'onSettled' | 'changes' | 'committed'
>;
