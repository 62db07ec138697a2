// Every room that adds to the schema, imported for that alone; then the schema itself.
import './scalars.ts';
import './node.ts';
import '../identity/schema.ts';
import '../projects/schema.ts';
import '../interventions/schema.ts';
import '../interventions/mutations.ts';
import '../analytics/schema.ts';
import '../sessions/schema.ts';
import '../slack/schema.ts';
import '../budgets/schema.ts';
import '../budgets/mutations.ts';
import '../events/schema.ts';
import '../approvals/schema.ts';
import '../approvals/mutations.ts';
import '../standing/schema.ts';
import '../standing/mutations.ts';
import '../emergency/schema.ts';
import '../recovery/schema.ts';
import '../supervision/schema.ts';
import '../triggers/schema.ts';
import '../notifications/schema.ts';
import '../privacy/schema.ts';
import './subscriptions.ts';
import { lexicographicSortSchema } from 'graphql';
import { builder } from './builder.ts';

export const schema = lexicographicSortSchema(builder.toSchema());
