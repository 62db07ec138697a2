import { assessCall } from '../../src/approvals/assess-call.ts';
import type { AgentHistory } from '../../src/approvals/seams.ts';
import type { House, Team } from '../support/house.ts';

/** What an assessment at this instant is told of the agent's past. */
export async function readHistoryOf(
  { deps }: House,
  team: Team,
  agentName: string,
  now: Date,
): Promise<AgentHistory> {
  let told: AgentHistory | null = null;
  const safety = {
    assess: async ({ history }: { history: AgentHistory }) => {
      told = history;
      return { level: 'LOW' as const, score: 0, factors: [] };
    },
    analyze: deps.safety.analyze,
  };
  await assessCall({ prisma: deps.prisma, clock: { ...deps.clock, now: () => now }, safety }, team, {
    agentName,
    agentType: 'CUSTOM',
    proposedAction: 'ask',
    input: null,
    estimatedTokens: 0,
    estimatedCost: 0n,
  });
  return told!;
}
