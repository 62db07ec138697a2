// Looks at selected items as they are at this moment, before one answer goes to all of them.
import { defaultUiConfig, type UiConfig, uiConfigIn } from '../decision/ui-config.ts';
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
  // Read once each: items of one team have one text.
  const trees = new Map<string, unknown>();
  const results = new Map<string, Looked | 'over' | 'unknown'>();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift())
        results.set(item.id, await lookAtOne(live, item, trees).catch(() => 'unknown' as const));
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

async function lookAtOne(
  live: Live,
  { id, kind }: Item,
  trees: Map<string, unknown>,
): Promise<Looked | 'over' | 'unknown'> {
  if (kind === 'intervention') {
    const { data, error } = await live.read(BulkInterventionDocument, { id });
    if (!data || error) return 'unknown';
    const { intervention } = data;
    if (intervention?.status !== 'PENDING') return 'over';
    const { flags, fields } = await configOf(
      intervention.session.team.supervision,
      intervention.type,
      intervention.agentName,
      trees,
    );
    return {
      item: itemOfIntervention(intervention),
      form:
        intervention.responseSchema !== null ||
        flags.require_signature === true ||
        fields.some(({ required }) => required),
      needsReason: flags.require_reason === true,
    };
  }
  const { data, error } = await live.read(BulkApprovalDocument, { id });
  if (!data || error) return 'unknown';
  const { approval } = data;
  if (approval?.status !== 'PENDING') return 'over';
  return {
    item: itemOfApproval(approval),
    needsReason: false,
    // A plan may be changed by whoever approves it, and an input was, where somebody edited it: they are read by themselves.
    form:
      approval.kind === 'RECOVERY_PLAN' || ('approvedInput' in approval && approval.approvedInput !== null),
    ...('actionDigest' in approval && { actionDigest: approval.actionDigest }),
  };
}

async function configOf(
  yaml: string,
  type: string,
  agentName: string,
  trees: Map<string, unknown>,
): Promise<UiConfig> {
  if (yaml.trim() === '') return defaultUiConfig(type);
  const { parse } = await import('yaml');
  const read = (text: string): unknown => {
    if (!trees.has(text)) trees.set(text, parse(text));
    return trees.get(text);
  };
  return uiConfigIn(yaml, read, type, agentName);
}
