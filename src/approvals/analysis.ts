import { toDecimal } from '../budgets/state.ts';
import { highest } from '../safety/levels.ts';
import { assessRisk } from '../safety/risk.ts';
import type { Safety as Analyzers } from '../safety/safety.ts';
import type { Safety } from './seams.ts';

/** What approvals ask of safety/, in their own terms. */
export const createAnalysis = (analyzers: Pick<Analyzers, 'analyzeInput' | 'analyzeResponse'>): Safety => ({
  async assess({
    agentType,
    proposedAction: action,
    input,
    estimatedTokens,
    estimatedCost,
    history,
    remaining,
  }) {
    const { flags } = await analyzers.analyzeInput({ agentType, action, input });
    const estimated = { tokens: estimatedTokens, cost: Number(toDecimal(estimatedCost)) };
    return assessRisk({ action, input, flags, estimated, budget: { remaining }, history, agentType });
  },
  async analyze({ agentType, instructions, response, summary, nextSteps }) {
    // A person reads the summary and the steps as well: what is wrong with them is wrong with the answer.
    const shown =
      summary === null && nextSteps.length === 0
        ? response
        : { response, summary, nextSteps: [...nextSteps] };
    const analysis = await analyzers.analyzeResponse({ agentType, instructions, response: shown });
    const { riskFlags: flags, ...scores } = analysis;
    return { ...scores, flags, level: highest(flags.map(({ level }) => level)) };
  },
});
