import { groupings, orders, type View } from '../../queue/arrange.ts';
import { roles, types, urgencies } from '../../queue/item.ts';
import { flagIn, listIn, oneIn, textIn } from '../../search.ts';

/** What the inbox shows, and which item is open beside it. */
export interface InboxSearch extends View {
  item?: string;
}

const namesIn = (value: unknown): string[] | undefined => {
  const names = (textIn(value) ?? '').split(',').filter((name) => name !== '');
  return names.length === 0 ? undefined : names;
};

export const inboxSearch = (search: Record<string, unknown>): InboxSearch => ({
  group: oneIn(search.group, groupings),
  order: oneIn(search.order, orders),
  type: listIn(search.type, types),
  urgency: listIn(search.urgency, urgencies),
  role: listIn(search.role, roles),
  team: namesIn(search.team),
  agent: namesIn(search.agent),
  mine: flagIn(search.mine),
  free: flagIn(search.free),
  able: flagIn(search.able),
  words: textIn(search.words),
  item: textIn(search.item),
});
