// A tool of the Vercel AI SDK that a person approves, call by call. The guard stands around `execute`, not in `toolApproval`:
// that can say no, but not run what the approver made of the input.
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, isStepCount, tool } from 'ai';
import { holdpoint, NotApproved } from 'holdpoint/client';
import { z } from 'zod';

const {
  HOLDPOINT_URL,
  HOLDPOINT_TOKEN,
  HOLDPOINT_TEAM,
  OPENAI_BASE_URL,
  OPENAI_API_KEY,
  MODEL = 'gpt-5-mini',
} = process.env;
const hp = holdpoint({ url: HOLDPOINT_URL!, token: HOLDPOINT_TOKEN! });
const prompt = 'Delete the logs of 2019.';
const session = await hp.createSession({ teamId: HOLDPOINT_TEAM!, initialMessage: prompt });

const deleteFile = hp.guard(async ({ path }: { path: string }) => `deleted ${path}`, {
  sessionId: session.id,
  agentName: 'janitor',
  action: ({ path }) => `delete ${path}`,
});

const model = createOpenAICompatible({ name: 'model', baseURL: OPENAI_BASE_URL!, apiKey: OPENAI_API_KEY! })(
  MODEL,
);
const { text } = await generateText({
  model,
  prompt,
  stopWhen: isStepCount(5),
  tools: {
    delete_file: tool({
      description: 'Deletes a file or a folder',
      inputSchema: z.object({ path: z.string() }),
      execute: (input, { toolCallId, abortSignal }) =>
        // Endpoints may give the same id in another session.
        deleteFile(input, { idempotencyKey: `${session.id} ${toolCallId}`, signal: abortSignal }).catch(
          (error: unknown) => {
            if (error instanceof NotApproved) return `not allowed: ${error.message}`;
            throw error;
          },
        ),
    }),
  },
});
console.log(text);
hp.close();
