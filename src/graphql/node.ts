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
  budget: 'Budget',
  reservation: 'BudgetReservation',
  stop: 'EmergencyStop',
};

export const Node = builder.interfaceRef<NodeRow>('Node').implement({
  description: 'Anything with an id. Ids are opaque; one id works here, in URLs and in logs.',
  fields: (t) => ({ id: t.exposeID('id') }),
  resolveType: (row) => {
    const prefix = prefixOf(row.id)!;
    return typeNames[prefix] ?? loaders.get(prefix)?.nameOf?.(row);
  },
});

type Loader = (id: string, context: Context) => Promise<NodeRow | null>;
const loaders = new Map<IdPrefix, { load: Loader; nameOf?: (row: NodeRow) => string }>();

/**
 * Says how a type's nodes are found by id; null where the viewer can't see one. `nameOf`: where the prefix alone does not
 * tell the type.
 */
export function loadNodesWith<Row extends NodeRow>(
  prefix: IdPrefix,
  load: (id: string, context: Context) => Promise<Row | null>,
  nameOf?: (row: Row) => string,
): void {
  loaders.set(prefix, { load, nameOf: nameOf as ((row: NodeRow) => string) | undefined });
}

/** A malformed id, one of a type without nodes, one that is not there, one of another project: all null. */
export async function findNode(id: string, context: Context): Promise<NodeRow | null> {
  const prefix = prefixOf(id);
  return (prefix && (await loaders.get(prefix)?.load(id, context))) ?? null;
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
