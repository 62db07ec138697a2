import { z } from 'zod';
import type { Connection } from '../client/connection.ts';

/** What a call of a tool has besides its arguments. */
export interface Call {
  /** Aborted when the client cancels, or is gone. */
  signal: AbortSignal;
  /** Tells a client that wants to know that it is still waited for. */
  progress(message: string): void;
}

export interface Tool {
  name: string;
  title: string;
  description: string;
  input: z.ZodObject;
  /** Changes nothing. */
  readOnly: boolean;
  /** The same call again has no further effect. */
  idempotent: boolean;
  run(connection: Connection, args: never, call: Call): Promise<Record<string, unknown>>;
}

/** Types what `run` is given by what the tool takes. */
export const tool = <Input extends z.ZodObject>(
  definition: Omit<Tool, 'input' | 'run'> & {
    input: Input;
    run(connection: Connection, args: z.output<Input>, call: Call): Promise<Record<string, unknown>>;
  },
): Tool => definition as unknown as Tool;

export const idempotencyKey = z
  .string()
  .optional()
  .describe('The same request made again under it is made once, and answered as the first time');
