import type { ModelMessage } from 'ai';
import { z } from 'zod';
import { jsonBytes, MAX_JSON_BYTES } from '../../kernel/bounds.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import { CannotContinue } from '../runner.ts';
import type { Agent } from './agent.ts';
import { builtInTools, type ToolForModel } from './built-in.ts';

// What a model is sent, as people see it, approve it and may change it: the whole of it, and nothing else is sent.

const toolCall = z.strictObject({ id: z.string().min(1), name: z.string().min(1), input: z.json() });

const message = z.discriminatedUnion('role', [
  z.strictObject({ role: z.literal('user'), content: z.string() }),
  z.strictObject({
    role: z.literal('assistant'),
    content: z.string(),
    toolCalls: z.array(toolCall).optional(),
  }),
  /** What a call of a tool came to. */
  z.strictObject({
    role: z.literal('tool'),
    id: z.string().min(1),
    name: z.string().min(1),
    content: z.json(),
  }),
]);

const prompt = z.strictObject({
  model: z.string(),
  instructions: z.string(),
  messages: z.array(message).min(1),
  tools: z.array(
    z.strictObject({
      name: z.string(),
      description: z.string(),
      parameters: z.record(z.string(), z.json()).transform((schema) => schema as JsonObject),
    }),
  ),
  maxOutputTokens: z.int().min(1),
});

export type Prompt = z.output<typeof prompt>;
export type Message = z.output<typeof message>;

/** The next thing that an agent's model is asked. CannotContinue where people could not be shown it any more. */
export function promptOf({ model, instructions, tools, outputTokens }: Agent, messages: Message[]): Prompt {
  const own: ToolForModel[] = tools.map(({ name, description, parameters }) => ({
    name,
    description,
    parameters,
  }));
  const asked = {
    model,
    instructions,
    messages,
    tools: [...builtInTools, ...own],
    maxOutputTokens: outputTokens,
  };
  if (jsonBytes(asked) <= MAX_JSON_BYTES) return asked;
  throw new CannotContinue(
    `the conversation has come to more than ${MAX_JSON_BYTES} bytes as JSON, which is the most that can be approved`,
  );
}

/** What was approved, read: people may have changed it. Throws with every fault. */
export function readPrompt(approved: Json): Prompt {
  const read = prompt.safeParse(approved);
  if (read.success) return read.data;
  const faults = read.error.issues.map(({ path, message: text }) => `${path.join('.')}: ${text}`);
  throw new Error(`what was approved can't be sent: ${faults.join('; ')}`);
}

/** What an approver may make of a prompt: the figures that were held bound it. */
export const schemaFor = ({ model, outputTokens }: Agent): JsonObject => ({
  type: 'object',
  properties: {
    // The price that was held is this one's.
    model: { const: model },
    instructions: { type: 'string' },
    messages: { type: 'array', minItems: 1, items: { type: 'object', required: ['role', 'content'] } },
    tools: { type: 'array', items: { type: 'object', required: ['name', 'description', 'parameters'] } },
    maxOutputTokens: { type: 'integer', minimum: 1, maximum: outputTokens },
  },
  required: ['model', 'instructions', 'messages', 'tools', 'maxOutputTokens'],
  additionalProperties: false,
});

/** The same for the library. */
export const forLibrary = (messages: readonly Message[]): ModelMessage[] =>
  messages.map((each): ModelMessage => {
    switch (each.role) {
      case 'user':
        return each;
      case 'assistant':
        return {
          role: 'assistant',
          content: [
            ...(each.content === '' ? [] : [{ type: 'text' as const, text: each.content }]),
            ...(each.toolCalls ?? []).map(({ id, name, input }) => ({
              type: 'tool-call' as const,
              toolCallId: id,
              toolName: name,
              input,
            })),
          ],
        };
      case 'tool':
        return {
          role: 'tool',
          content: [
            {
              type: 'tool-result',
              toolCallId: each.id,
              toolName: each.name,
              output: { type: 'json', value: each.content },
            },
          ],
        };
    }
  });
