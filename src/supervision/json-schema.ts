import { z } from 'zod';
import { configurationSchema } from './configuration-schema.ts';

/**
 * The shape of a supervision configuration as JSON Schema, for editors to complete and check against. It says what the
 * reader says, but for what only the reader can tell: an agent named twice, a condition that cannot be read.
 */
export const configurationJsonSchema = (): string =>
  `${JSON.stringify(
    {
      title: 'Supervision configuration of a Holdpoint team',
      ...z.toJSONSchema(configurationSchema, { io: 'input' }),
    },
    null,
    2,
  )}\n`;
