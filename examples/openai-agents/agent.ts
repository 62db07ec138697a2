// An agent of the OpenAI Agents SDK whose tool has `needsApproval`: its runs stop at each call, a person is asked by
// Holdpoint, and the run goes on with the answer.
import { Agent, run, setOpenAIAPI, setTracingDisabled, tool } from '@openai/agents';
import { holdpoint } from 'holdpoint/client';
import { z } from 'zod';

const { HOLDPOINT_URL, HOLDPOINT_TOKEN, HOLDPOINT_TEAM, MODEL = 'gpt-5-mini' } = process.env;
// The model is at OPENAI_BASE_URL, with OPENAI_API_KEY.
setOpenAIAPI('chat_completions');
setTracingDisabled(true);

const hp = holdpoint({ url: HOLDPOINT_URL!, token: HOLDPOINT_TOKEN! });
const prompt = 'Delete the logs of 2019.';
const session = await hp.createSession({ teamId: HOLDPOINT_TEAM!, initialMessage: prompt });

const agent = new Agent({
  name: 'janitor',
  model: MODEL,
  instructions: 'Tidy up.',
  tools: [
    tool({
      name: 'delete_file',
      description: 'Deletes a file or a folder',
      parameters: z.object({ path: z.string() }),
      needsApproval: true,
      execute: async ({ path }) => `deleted ${path}`,
    }),
  ],
});

let result = await run(agent, prompt);
while (result.interruptions.length > 0) {
  for (const call of result.interruptions) {
    const { callId, arguments: input } = call.rawItem as { callId: string; arguments: string };
    const decision = await hp.ask({
      sessionId: session.id,
      agentName: agent.name,
      type: 'APPROVAL',
      message: `May ${call.name} be called with ${input}?`,
      context: { tool: call.name, input: JSON.parse(input) as unknown },
      // Endpoints may give the same id in another session.
      idempotencyKey: `${session.id} ${callId}`,
    });
    if (decision.resolution === 'APPROVED') result.state.approve(call);
    else result.state.reject(call);
  }
  result = await run(agent, result.state);
}
console.log(result.finalOutput);
hp.close();
