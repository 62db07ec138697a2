// Looks at selected items as they are at this moment, before one answer goes to all of them.
import { BulkApprovalDocument, BulkInterventionDocument } from '../generated/graphql.ts';
import type { Live } from '../live/live.ts';
import type { Looked } from './bulk.ts';
import { type Item, itemOfApproval, itemOfIntervention } from './item.ts';

const AT_ONCE = 6;

export interface LookedAt {
  looked: Looked[];
  over: Item[];
  unknown: Item[];
}

export async function lookAt(live: Live, items: readonly Item[]): Promise<LookedAt> {
  const found: LookedAt = { looked: [], over: [], unknown: [] };
  const waiting = [...items];
  const results = new Map<string, Looked | 'over' | 'unknown'>();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift())
        results.set(item.id, await lookAtOne(live, item));
    }),
  );
  for (const item of items) {
    const result = results.get(item.id) ?? 'unknown';
    if (result === 'over') found.over.push(item);
    else if (result === 'unknown') found.unknown.push(item);
    else found.looked.push(result);
  }
  return found;
}

async function lookAtOne(live: Live, { id, kind }: Item): Promise<Looked | 'over' | 'unknown'> {
  if (kind === 'intervention') {
    const { data, error } = await live.read(BulkInterventionDocument, { id });
    if (!data || error) return 'unknown';
    const { intervention } = data;
    if (intervention?.status !== 'PENDING') return 'over';
    return { item: itemOfIntervention(intervention), form: intervention.responseSchema !== null };
  }
  const { data, error } = await live.read(BulkApprovalDocument, { id });
  if (!data || error) return 'unknown';
  const { approval } = data;
  if (approval?.status !== 'PENDING') return 'over';
  return {
    item: itemOfApproval(approval),
    // A plan may be changed by whoever approves it, and an input was, where somebody edited it: they are read by themselves.
    form:
      approval.kind === 'RECOVERY_PLAN' || ('approvedInput' in approval && approval.approvedInput !== null),
    ...('actionDigest' in approval && { actionDigest: approval.actionDigest }),
  };
}
