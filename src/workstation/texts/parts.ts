// What the shared pieces of the pages of sessions, stops, budgets and teams say.
import { counted } from './words.ts';

export const partTexts = {
  json: {
    empty: { object: 'nothing in it', list: 'an empty list', text: 'an empty text' },
    entries: (count: number) => counted(count, 'entry', 'entries'),
    items: (count: number) => counted(count, 'item', 'items'),
    more: (count: number) => `Show ${counted(count, 'more', 'more')}`,
  },
  refused: 'This was turned down, and nothing was changed',
  failed: 'This was not done',
  busy: 'Waiting for the server …',
  unanswered: 'The server has not answered yet. It is asked again until it does.',
  reason: 'Reason',
  reasonNeeded: 'A reason is needed.',
  paging: { label: (list: string) => `Pages of: ${list}`, newer: 'Newer', older: 'Older', newest: 'Newest' },
  optional: 'may be left out',
  needsRole: (role: string) => `This takes the role of ${role.toLowerCase()} or a higher one.`,
  noProjects: 'There is no project that you may see.',
} as const;
