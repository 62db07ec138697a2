import { z } from 'zod';
import type { JsonObject } from '../../kernel/json.ts';

// The tools that every agent has. They reach nobody but people and this server: they are verbs of their own, not calls.

/** Asks a person, and waits for the answer. */
export const ask = z.strictObject({
  message: z.string().min(1).max(20_000).describe('What the person has to know and decide'),
  options: z
    .array(
      z.strictObject({
        id: z.string().min(1).max(200),
        label: z.string().min(1).max(200),
        description: z.string().max(2_000).default(''),
      }),
    )
    .min(1)
    .max(20)
    .optional()
    .describe('What there is to choose from; left out, the answer is free'),
  urgency: z.enum(['LOW', 'NORMAL', 'HIGH', 'CRITICAL']).optional(),
});

/** Tells what was done or met: the team's triggers look at it (behaviour 8.4). */
export const report = z.strictObject({
  type: z.string().min(1).max(200).describe('milestone_reached, error_occurred, or a name of your own'),
  message: z.string().max(20_000).optional(),
  metrics: z
    .record(z.string().min(1).max(200), z.union([z.number(), z.string().max(2_000), z.boolean()]))
    .optional()
    .describe('Figures, such as confidence_score from 0 to 1'),
});

/** Ends the work. */
export const finish = z.strictObject({
  result: z.json().describe('What the work came to'),
});

const builtIn = {
  ask_human: {
    description:
      'Asks a person and gives you the answer. For what is not yours to decide, and for what you cannot know.',
    schema: ask,
  },
  report_progress: {
    description: 'Tells the people who watch over the work what was reached or went wrong.',
    schema: report,
  },
  finish: {
    description: 'Ends the work with its result. An answer without any call of a tool ends it as well.',
    schema: finish,
  },
} as const;

export const builtInNames: ReadonlySet<string> = new Set(Object.keys(builtIn));

/** What a model is told of a tool. */
export interface ToolForModel {
  name: string;
  description: string;
  parameters: JsonObject;
}

const inputSchemaOf = (schema: z.ZodType): JsonObject => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest as JsonObject;
};

export const builtInTools: readonly ToolForModel[] = Object.entries(builtIn).map(
  ([name, { description, schema }]) => ({ name, description, parameters: inputSchemaOf(schema) }),
);
