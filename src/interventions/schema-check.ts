import type { UserError } from '../kernel/errors.ts';
import { valueFaults } from '../kernel/json-schema.ts';

/**
 * The faults of an answer, each with its path beneath `root`, the argument that holds it (behaviour 4.7). Where it cannot be checked, a resolution or an
 * option still decides.
 */
export const answerFaults = (schema: unknown, answer: unknown, root: string[]): UserError[] =>
  valueFaults(schema, answer, { root, schemaName: 'responseSchema' });
