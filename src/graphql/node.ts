import type { IdPrefix } from '../kernel/ids.ts';
import { prefixOf } from '../kernel/ids.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';

/** Anything with an id. The row itself is the node; its type is told by the id's prefix. */
export type NodeRow = { id: string };

const typeNames: Partial<Record<IdPrefix, string>> = {
  project: 'Project',
  team: 'Team',
  agent: 'Agent',
  user: 'User',
  key: 'ApiKey',
  session: 'Session',
  task: 'Task',
  intervention: 'Intervention',
  event: 'Event',
  recovery: 'RecoverySession',
  stop: 'EmergencyStop',
};

export const Node = builder.interfaceRef<NodeRow>('Node').implement({
  description: 'Anything with an id. Ids are opaque; one id works here, in URLs and in logs.',
  fields: (t) => ({ id: t.exposeID('id') }),
  resolveType: ({ id }) => typeNames[prefixOf(id)!],
});

type Loader = (id: string, context: Context) => Promise<NodeRow | null>;
const loaders = new Map<IdPrefix, Loader>();

/** Says how a type's nodes are found by id; null where the viewer can't see one. */
export function loadNodesWith(prefix: IdPrefix, load: Loader): void {
  loaders.set(prefix, load);
}

/** A malformed id, one of a type without nodes, one that is not there, one of another project: all null. */
export async function findNode(id: string, context: Context): Promise<NodeRow | null> {
  const prefix = prefixOf(id);
  return (prefix && (await loaders.get(prefix)?.(id, context))) ?? null;
}

builder.queryField('node', (t) =>
  t.field({
    type: Node,
    nullable: true,
    description: 'Anything by its id. Null where it is malformed, unknown or out of sight.',
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, context) => findNode(id, context),
  }),
);
