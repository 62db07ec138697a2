const events = (count: number): string => `${count.toLocaleString('en')} ${count === 1 ? 'event' : 'events'}`;

export const eventsTexts = {
  lead: 'Everything that happened, newest first, each entry chained to the one before it by its hash.',
  filters: 'Filters',
  types: 'Types',
  addType: 'Add a type',
  anyType: 'All types',
  removeType: (type: string) => `Without ${type}`,
  project: 'Project',
  anyProject: 'Every project',
  team: 'Team',
  anyTeam: 'Every team',
  session: 'Session',
  subject: 'Subject',
  idHint: 'An id, whole',
  actor: 'Who',
  actorHint: 'Part of a name, or an id',
  from: 'From',
  to: 'Until',
  apply: 'Apply',
  clear: 'Clear the filters',

  following: 'Following: what happens is shown as it happens.',
  waiting: 'No connection: what happened meanwhile comes when it is back.',
  paused: (count: number, more: boolean) =>
    count === 0 && !more
      ? 'Paused: nothing new yet.'
      : `Paused: ${more ? 'more than ' : ''}${events(count)} came meanwhile.`,
  pause: 'Pause',
  follow: 'Follow',
  pauseKey: 'Pause or follow',
  again: 'What was shown was no longer the whole log (older entries were pruned), and was read anew.',
  empty: 'Nothing in the log matches.',
  older: 'Older events',
  noOlder: 'That is the beginning of what is kept.',
  noneOlder: 'No older events match.',
  tooMany: (count: number) =>
    `${events(count)} are shown, which is as many as can be. Narrow the filters, or export.`,
  list: 'Events',

  when: 'When',
  by: 'By',
  erased: 'What this entry said was erased; its place in the chain stays.',
  data: 'What happened',
  noData: 'nothing more is said',
  cursor: 'Cursor',
  hash: 'Hash',
  previousHash: 'Hash of the one before',
  first: 'none: a chain begins here',
  id: 'Event',
  only: 'only these',
  kinds: { USER: 'person', AGENT: 'agent', SYSTEM: 'the server' } as Record<string, string>,

  export: 'Export',
  exportLead: (most: number) =>
    `All that the filters match, oldest first, at most ${events(most)} in one file.`,
  jsonLines: 'JSON lines',
  csv: 'CSV',
  csvHint: 'In CSV, cells that a spreadsheet would take for a formula begin with an apostrophe.',
  exporting: (count: number) => `${events(count)} so far …`,
  stop: 'Stop',
  exported: (count: number) => `${events(count)} exported.`,
  cut: (count: number, until: string) =>
    `The first ${events(count)} were exported, up to ${until}; there are more. Begin the next file from there.`,
  nothing: 'Nothing to export.',
} as const;
