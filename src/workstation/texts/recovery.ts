// What the pages of recoveries say.
import { counted } from './words.ts';

export const recoveryTexts = {
  missing: 'There is no recovery or project of this id that you may see.',
  nothing: 'No project is stopped: there is nothing to recover from.',
  stopped: 'Stopped, and nobody has begun a recovery',
  progress: (done: number, all: number) => `${done} of ${counted(all, 'step', 'steps')} done`,
  toStop: 'To the stop',
  all: 'All recoveries',

  begin: {
    title: 'Begin a recovery',
    notStopped: 'This project is not stopped: there is nothing to recover from.',
    open: 'A recovery of this stop is open; only one can be.',
    toOpen: 'To it',
    lead: 'It looks at what the stop left behind, plans the way back, and asks for the plan to be approved by somebody else.',
    how: 'How it is carried out',
    types: {
      GUIDED: 'Guided: you say when each step is asked for and run. If in doubt, this one.',
      AUTOMATED: 'Automated: steps ask by themselves and run as they are approved.',
      MANUAL: 'Manual: people do the work outside, and write down what they did.',
    },
    action: 'Begin',
  },

  facts: {
    title: 'This recovery',
    type: 'Carried out',
    by: 'Begun by',
    at: 'Begun',
    over: 'Over',
    stop: 'The stop',
    lifted: 'lifted',
  },
  types: { GUIDED: 'guided', AUTOMATED: 'automated', MANUAL: 'by hand' },
  why: {
    ASSESSMENT: 'It is being planned.',
    WAITING_APPROVAL: 'Its plan waits to be approved.',
    IN_PROGRESS: 'Its steps are taken in turn.',
    FAILED: 'A step could not be done or was not allowed: it can be asked for again.',
    COMPLETED: 'It is done, and the stop is lifted.',
    REJECTED: 'Its plan was rejected. The stop stays; another recovery may begin.',
    CANCELLED: 'It was given up. The stop stays; another recovery may begin.',
  },
  giveUp: 'Give it up',
  giveUpTitle: 'Give this recovery up?',
  giveUpLead:
    'The stop stays in force, and limits that a step has set stay as they are. Another recovery may begin.',

  assessment: {
    title: 'What was found',
    at: (at: string) => `As it was at ${at}.`,
    cleared: 'cleared',
    holds: 'still holds',
    peoples: 'for people to judge',
    halted: (sessions: number, tasks: number) =>
      `${counted(sessions, 'session', 'sessions')} and ${counted(tasks, 'task', 'tasks')} halted.`,
    frozen: (interventions: number, approvals: number) =>
      `${counted(interventions, 'request', 'requests')} and ${counted(approvals, 'approval', 'approvals')} frozen.`,
    unknown: (tasks: number) =>
      `Of ${counted(tasks, 'task', 'tasks')} nobody knows whether the call had an effect: look at these first.`,
    flagged: (answers: number) => `${counted(answers, 'answer', 'answers')} flagged as critical.`,
    errors: (tasks: number) => `${counted(tasks, 'task', 'tasks')} failed lately.`,
    whole: 'The whole assessment',
  },

  plan: {
    title: 'The plan',
    current: 'its turn',
    parameters: 'What it is done with',
    result: 'What came of it',
    note: 'Note',
    by: (name: string) => `by ${name}`,
    error: 'Why not:',
    approval: 'Approval of this step',
    planApproval: 'Approval of the plan',
    rejected: 'Rejected:',
  },
  take: {
    ask: 'Ask for its approval',
    again: 'Ask for it again',
    run: 'Run it',
    runAgain: 'Run it again',
    byItself: 'Holdpoint runs it by itself.',
    asksByItself: 'Holdpoint asks for its approval by itself.',
    runningHint:
      'It was begun. Where it stays so for some seconds, whoever ran it is gone, and it can be run again.',
    noteAsk: 'What you are about to do',
    noteRun: 'What you did',
    noteNeeded: 'A recovery by hand needs a note with every step.',
  },
  decide: {
    approve: 'Approve',
    approveChanged: 'Approve with these changes',
    reject: 'Reject',
    reason: 'Reason',
    reasonNeeded: 'Rejecting needs a reason.',
    own: 'You asked for this: somebody else has to approve it.',
    ownAdmin:
      'You asked for this. You may approve it only where nobody else holds the role, and it is recorded.',
    noted: 'Whoever asked wrote:',
    change: 'Change the plan before approving it',
    skip: 'Leave out',
    limits: 'Set the budget’s limits',
    limit: {
      dailyCost: 'Dollars a day',
      monthlyCost: 'Dollars a month',
      dailyTokens: 'Tokens a day',
      monthlyTokens: 'Tokens a month',
    },
    limitHint: 'What is left empty stays as it is.',
    tasks: 'What becomes of tasks',
    sessions: 'What becomes of sessions',
    fates: { REQUEUE: 'put back', ABANDON: 'abandon', RESUME: 'resume' },
    was: (state: string) => `was ${state.toLowerCase().replaceAll('_', ' ')}`,
    more: (count: number) => `Show ${counted(count, 'more', 'more')}`,
  },
} as const;
