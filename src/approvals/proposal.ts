import type { Approval } from '../generated/prisma/client.ts';
import type { AgentType, BudgetLimitType } from '../generated/prisma/enums.ts';
import type { Json } from '../kernel/json.ts';
import type { BudgetCheck } from '../budgets/rules.ts';
import type { ResponseAnalysis, RiskAssessment } from './seams.ts';

// What the JSON columns of an approval hold, by kind. `proposal` is written once; `assessment` goes with the digest.

export interface CallProposal {
  agentName: string;
  agentType: AgentType;
  proposedAction: string;
  inputData: Json;
  /** What an edited input must satisfy as well. */
  inputSchema: Json;
  contextSummary: string | null;
  estimatedTokens: number;
  /** A decimal's text, four places. */
  estimatedCost: string;
  timeoutMinutes: number;
  /** As it was when the call was asked for. */
  budgetCheck: BudgetCheck;
}

export interface ResponseProposal {
  agentName: string;
  response: Json;
  nextSteps: string[];
  tokensUsed: number;
  actualCost: string;
  /** What the agent itself says; the analysis has its own word on it. */
  confidence: number | null;
}

export interface OverrideProposal {
  limitType: BudgetLimitType;
  /** A decimal's text, four places; whole where tokens are meant. */
  requestedAmount: string;
  justification: string;
  requiresManagerApproval: boolean;
}

/** A call in one line: of one agent's calls, equal summaries are equal actions. */
export const callSummary = (agentName: string, proposedAction: string): string =>
  `${agentName}: ${proposedAction}`;

export const callOf = ({ proposal }: Approval): CallProposal => proposal as unknown as CallProposal;
export const responseOf = ({ proposal }: Approval): ResponseProposal =>
  proposal as unknown as ResponseProposal;
export const overrideOf = ({ proposal }: Approval): OverrideProposal =>
  proposal as unknown as OverrideProposal;

export const riskOf = ({ assessment }: Approval): RiskAssessment => assessment as unknown as RiskAssessment;
export const analysisOf = ({ assessment }: Approval): ResponseAnalysis =>
  assessment as unknown as ResponseAnalysis;
