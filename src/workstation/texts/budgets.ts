// What the pages of budgets say.

export const budgetsTexts = {
  missing: 'There is no budget of this id that you may see.',
  all: 'All budgets',
  line: {
    TOKEN_DAILY: 'Tokens a day',
    TOKEN_MONTHLY: 'Tokens a month',
    COST_DAILY: 'Dollars a day',
    COST_MONTHLY: 'Dollars a month',
  },
  left: (left: string, whole: string) => `${left} of ${whole} left`,
  stopped: 'stopped',
  alert: {
    WARNING: 'warning',
    CRITICAL: 'critical',
    EMERGENCY: 'emergency',
  },

  facts: {
    limit: 'Limit',
    overridden: 'Granted on top',
    used: 'Used',
    reserved: 'Held',
    remaining: 'Left',
    began: 'Began',
    resets: 'Begins anew',
    zone: (zone: string) => `Days and months are those of ${zone}.`,
    at: (instant: string, zone: string) => `${instant} (${zone})`,
  },
  alerts: {
    title: 'Alerts of the running periods',
    lead: 'They go by what was used, not by what is held, once a period: a warning at 80 % of a line with what was granted on top, critical at 95 %; the day’s dollars have a third, emergency, at 150 %. What was used and held together grants nothing once it has no room left, and stops the project past 150 % of the day’s dollars.',
    none: 'What was used has reached no level.',
    one: (line: string, level: string, value: string, threshold: string) =>
      `${line}: ${level}. ${value} used, the level is at ${threshold}.`,
  },
  chart: {
    title: (line: string) => `What was left of: ${line}`,
    described: (line: string, left: string, forecast: string) =>
      `${line}: ${left} left. ${forecast} The table below has the figures.`,
    reading: 'Reading what was spent …',
    since: (at: string) =>
      `More was spent than can be drawn: the curve begins at ${at}, and is exact from there on.`,
    legend: (whole: string) =>
      `From ${whole} at the top to nothing at the red line: what was not yet used at each time, less what is held now, and, dashed, what is left if it goes on like this. The faint slope is an even pace.`,
    table: 'As a table',
    when: 'When',
    spent: 'Spent',
    used: 'Used by then',
    unused: 'Not used by then',
    held: 'Held now',
    leftNow: (left: string) => `${left} left`,
    newest: (count: number) =>
      `The newest ${count} of what was spent in this period; the events have all of it.`,
    empty: 'Nothing was spent in this period.',
    events: 'To the events',
  },
  forecast: {
    none: 'Too little is known for a forecast.',
    over: 'Nothing is left: nothing is granted until it begins anew, or more is granted.',
    lasts: (left: string) =>
      `At this period’s average pace, with what is held counted as used, it lasts, with about ${left} left at its end.`,
    runsOut: (at: string) =>
      `At this period’s average pace, with what is held counted as used, it is used up at about ${at}.`,
  },
  overrides: {
    title: 'More budget',
    lead: 'What is asked for here counts until its line’s period ends, once it is approved.',
    none: 'Nobody has asked for more.',
    ask: 'Ask for more …',
    dialog: 'Ask for more budget',
    line: 'Line',
    amount: { tokens: 'Tokens', dollars: 'Dollars' },
    why: 'Why',
    whyHint: 'Whoever decides reads this.',
    action: 'Ask',
    one: (amount: string, line: string) => `${amount} more: ${line.toLowerCase()}`,
    by: 'asked by',
    asked: 'It was asked for.',
  },
  limits: {
    change: 'Change the limits …',
    title: 'Change the limits',
    lead: 'They hold at once. What was used and held stays; a line below what was used grants nothing until it begins anew.',
    zone: 'Time zone (from the next period on)',
    action: 'Set the limits',
    whole: 'Tokens are whole numbers, up to 2,147,483,647.',
    dollars:
      'Dollars are an amount like 12.50: not below 0, at most 1,000,000,000,000, with at most four places.',
    noZone: 'That is no time zone. One is named like Europe/Berlin.',
    faulty: 'Something above is to be put right first.',
    nothing: 'Nothing is different from what it is.',
  },
} as const;
