// What the pages of teams say.
import { counted } from './words.ts';

export const teamsTexts = {
  missing: 'There is no team of this id that you may see.',
  noTeams: 'This project has no team.',
  all: 'All teams',
  stopped: 'stopped',
  figures: {
    pending: 'Requests waiting',
    approvals: 'Approvals waiting',
    active: 'Sessions running',
    waiting: 'Sessions waiting',
  },
  agents: (count: number) => counted(count, 'agent', 'agents'),
  working: (count: number) => `${count.toLocaleString('en')} at work`,
  supervised: 'its own supervision',
  unsupervised: 'supervision by default',

  pending: {
    title: 'What waits for people',
    none: 'Nothing waits.',
    some: (shown: number, all: number) =>
      `The newest ${shown} of ${all.toLocaleString('en')}: the inbox has all of them.`,
    inbox: 'All of them in the inbox',
    claimed: 'taken on by',
    role: (role: string) => `for ${role.toLowerCase()} and up`,
  },
  agent: {
    title: 'Agents',
    none: 'No agent has acted in this team yet.',
    never: 'no activity yet',
    sessions: 'Sessions',
  },
  supervision: {
    title: 'Supervision in force',
    byDefault: 'The team has no configuration of its own: the terms by default hold.',
    own: (lines: number) => `The team has a configuration of ${counted(lines, 'line', 'lines')}.`,
    edit: 'To the supervision',
    told: 'What its agents are told of it',
    for: 'As it is told to',
    anyAgent: 'any agent',
  },
  members: {
    title: 'Members',
    lead: 'People and agents have keys: whoever’s key is for this project, or for every one, acts in its teams.',
    link: 'To keys and people',
  },
  sessions: 'Sessions of this team',
  project: 'Project',
  began: 'Made',
} as const;
