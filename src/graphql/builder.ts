import SchemaBuilder from '@pothos/core';
import PrismaPlugin from '@pothos/plugin-prisma';
import type PrismaTypes from '../generated/pothos.ts';
import { getDatamodel } from '../generated/pothos.ts';
import type { Json } from '../kernel/json.ts';
import type { Context } from './context.ts';

/** The one schema builder. Rooms add their types to it from their `schema.ts`. */
export const builder = new SchemaBuilder<{
  PrismaTypes: PrismaTypes;
  Context: Context;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
    JSON: { Input: Json; Output: unknown };
    Decimal: { Input: string; Output: string };
    EventCursor: { Input: string; Output: string };
  };
}>({
  plugins: [PrismaPlugin],
  defaultFieldNullability: false,
  prisma: {
    client: ({ house }) => house.prisma,
    dmmf: getDatamodel(),
  },
});

builder.queryType({
  description: 'What a viewer may see. What lies in another project does not exist for it.',
});
builder.mutationType({
  description:
    'A request that the domain turns down answers `success: false` with typed `errors`, and changes nothing. ' +
    'An idempotencyKey is remembered for 24 hours: with the same arguments it returns the first answer.',
});
builder.subscriptionType({
  description:
    'A subscription is live once it has been accepted: subscribe, then query. `events` misses nothing; the others tell ' +
    'of changes at the commit, with the object as it is when sent, and several changes may arrive as one.',
});
