// A budget that cannot carry what an agent wants to spend, and is raised by whoever may.
import { PAYLOAD } from './client.ts';
import { chooseRecommended, showQuestion } from './decision.ts';
import {
  begin,
  follow,
  makeKey,
  type PendingApproval,
  type Question,
  respond,
  show,
  type Stage,
} from './stage.ts';

const call = (id: string, when: string) => `
  - call:
      id: ${id}
      agent: analyst
      action: "Summarise a year of support requests"
      input: { year: 2026 }
      tokens: 9000
      cost: "2.5000"
      result: { response: { pages: 12 }, tokens: 8412, cost: "2.3100", confidence: 0.9 }
      when:${when}`;

const scenario = `
steps:${call(
  'first',
  `
        - is: over_budget
          steps:
            - ask:
                id: budget
                agent: analyst
                message: "My call was refused: the day's budget could not carry its 2.50 dollars. May I try again?"
                options: [{ id: again, label: "Try again", description: "Once the budget was raised", recommended: true }]
        - default: true
          steps: []`,
)}${call(
  'second',
  `
        - is: done
          steps: [{ complete: { result: { summary: "{{second.response}}" } } }]
        - default: true
          steps: [{ complete: { result: { summary: "{{second.outcome}}" } } }]`,
)}`;

const LIMITS = `mutation ($projectId: ID!, $limits: BudgetLimitsInput!) { setBudgetLimits(projectId: $projectId, limits: $limits) { ${PAYLOAD} } }`;
const OVERRIDE = `mutation ($input: BudgetOverrideInput!) { requestBudgetOverride(input: $input) { ${PAYLOAD} override { id summary requiredRole } } }`;
const BUDGET = `query ($projectId: ID!) { budget(projectId: $projectId) { lines { limitType limit used reserved overridden remaining } } }`;

interface Line {
  limitType: string;
  limit: string;
  used: string;
  reserved: string;
  overridden: string;
  remaining: string;
}

async function showBudget({ client, projectId }: Stage): Promise<void> {
  const { budget } = await client.call<{ budget: { lines: Line[] } }>(BUDGET, { projectId });
  const { limit, used, reserved, overridden, remaining } = budget.lines.find(
    ({ limitType }) => limitType === 'COST_DAILY',
  )!;
  console.log(
    `  today's dollars: ${limit} + ${overridden} granted, ${used} used, ${reserved} held, ${remaining} left`,
  );
}

export async function playBudget(stage: Stage): Promise<void> {
  const { client, projectId } = stage;
  await client.call(LIMITS, { projectId, limits: { dailyCost: '2' } });
  const agentKey = await makeKey(stage, 'analyst', 'AGENT');
  const answer = async (question: Question): Promise<void> => {
    showQuestion('the analyst', question);
    await showBudget(stage);
    const { requestBudgetOverride } = await client.call<{
      requestBudgetOverride: { override: { id: string; summary: string; requiredRole: string } };
    }>(
      OVERRIDE,
      {
        input: {
          projectId,
          limitType: 'COST_DAILY',
          requestedAmount: '5',
          justification: 'The yearly summary is due today.',
        },
      },
      agentKey,
    );
    const { id, summary, requiredRole } = requestBudgetOverride.override;
    console.log(`\nthe analyst asks for a higher budget: ${summary}  (${requiredRole} or above)`);
    await respond(stage, id, 'Grant it for today', { verdict: 'APPROVE' });
    if (stage.auto) await showBudget(stage);
    await chooseRecommended(stage, question);
  };
  const approve = async (approval: PendingApproval): Promise<void> => {
    show('the analyst', approval);
    await respond(stage, approval.id, 'Approve it', { verdict: 'APPROVE' });
  };
  await follow(stage, 'the analyst', await begin(stage, 'the analyst', scenario), { answer, approve });
  await showBudget(stage);
}
