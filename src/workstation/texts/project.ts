import { counted } from './words.ts';

export const projectTexts = {
  missing: 'There is no such project, or you may not see it.',
  facts: 'About',
  id: 'Id',
  made: 'Made',
  running: 'It is running: no emergency stop is in force.',
  stopped: 'Stopped',
  stop: 'The stop',
  teams: 'Teams',
  noTeams: 'It has no team yet.',
  supervision: 'Supervision',
  version: (version: number) => (version === 0 ? 'no configuration' : `version ${version}`),
  pending: (requests: number, approvals: number) =>
    requests + approvals === 0
      ? 'nothing pending'
      : `${counted(requests, 'request', 'requests')} and ${counted(approvals, 'approval', 'approvals')} pending`,
  budget: 'Budget',
  lines: {
    COST_DAILY: 'Dollars today',
    COST_MONTHLY: 'Dollars this month',
    TOKEN_DAILY: 'Tokens today',
    TOKEN_MONTHLY: 'Tokens this month',
  } as Record<string, string>,
  line: 'Line',
  used: 'Used',
  reserved: 'Held',
  limit: 'Limit',
  remaining: 'Left',
  zone: (zone: string) => `Days and months are those of ${zone}.`,
  all: 'All of its budget',
  elsewhere: 'Also of this project',
  events: 'Its events',
  analytics: 'How people decide',
  keys: 'Keys and people',
} as const;
