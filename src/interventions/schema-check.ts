import type { UserError } from '../kernel/errors.ts';
import { valueFaults } from '../kernel/json-schema.ts';

/**
 * The faults of an answer, each with its path within it (behaviour 4.7). Where it cannot be checked, a resolution or an
 * option still decides.
 */
export const answerFaults = (schema: unknown, answer: unknown): UserError[] =>
  valueFaults(schema, answer, { root: ['answer'], schemaName: 'responseSchema' });
