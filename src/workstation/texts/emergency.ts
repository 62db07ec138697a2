// What the page of the emergency stop says.
import { counted } from './words.ts';

export const emergencyTexts = {
  stopped: 'Stopped',
  running: 'Running',
  missing: 'There is no project or stop of this id that you may see.',
  allProjects: 'All projects',
  projectState: 'State',
  runs: 'This project is running: its agents may act.',
  stands: 'This project is stopped: nothing of it is granted or started.',
  since: 'Stopped',
  by: 'By',
  severity: 'Severity',
  conditions: 'Why',
  reason: 'Reason given',
  lifted: 'Lifted',
  inForce: 'in force',
  condition: {
    MANUAL_STOP: 'somebody stopped it',
    RESOURCE_EXHAUSTION: 'resources are running out',
    ERROR_RATE_HIGH: 'too many tasks failed',
    BUDGET_CRITICAL: 'the day’s cost is far past its limit',
    SECURITY_THREAT: 'an answer was found to be dangerous',
  },

  halt: {
    title: 'What has halted',
    confirmed: (at: string) => `Every running agent had confirmed by ${at}.`,
    waiting: (halted: number, all: number) =>
      `${halted} of ${counted(all, 'session', 'sessions')} have halted; the rest are running agents that have yet to confirm, which takes some seconds.`,
    sessions: 'Sessions',
    tasks: 'Tasks',
    nothing: 'Nothing was under way.',
    first: (shown: number, all: number) => `The first ${shown} of ${all.toLocaleString('en')}.`,
    states: (count: number, state: string) => `${count.toLocaleString('en')} ${state}`,
  },
  recovery: {
    open: (status: string) => `A recovery is there: ${status}`,
    go: 'To the recovery',
    begin: 'Begin a recovery',
    need: 'A manager begins the recovery that lifts it.',
  },

  stop: {
    button: 'Stop this project …',
    title: (project: string) => `Stop ${project}`,
    step: (step: number) => `Step ${step} of 2`,
    reason: 'Why is it stopped?',
    reasonNeeded: 'Say why: whoever is woken reads it first.',
    severity: 'Severity',
    preview: 'What will stop',
    next: 'Go on …',
    back: 'Back',
    agents:
      'From the moment that you confirm, no agent of this project is granted or may start anything, anywhere. Only a recovery of approved steps brings it back.',
    type: 'To confirm, type this:',
    confirmation: 'Confirmation',
    confirm: 'Stop the project now',
    done: 'The project is stopped.',
    sessionsRunning: (count: number) => `${counted(count, 'session', 'sessions')} running`,
    sessionsWaiting: (count: number) => `${counted(count, 'session', 'sessions')} waiting for people`,
    requests: (count: number) => `${counted(count, 'pending request', 'pending requests')} frozen`,
    approvals: (count: number) => `${counted(count, 'pending approval', 'pending approvals')} frozen`,
    calls: (count: number, more: boolean) =>
      `${more ? 'at least ' : ''}${counted(count, 'approved call', 'approved calls')} not begun: cancelled`,
    team: 'Team',
    active: 'Running',
    waits: 'Waiting',
    tasks: 'Open tasks',
    atLeast: (count: number) => `${count.toLocaleString('en')} or more`,
    noTeams: 'The project has no team, so that nothing of it can be running.',
  },

  history: {
    title: 'Stops so far',
    none: 'It has never been stopped.',
    who: 'by',
    lifted: (at: string) => `lifted ${at}`,
    recovery: (status: string) => `Recovery: ${status.toLowerCase()}`,
  },
} as const;
