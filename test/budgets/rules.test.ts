import { describe, expect, it } from 'vitest';
import { newBudget } from '../../src/budgets/limits.ts';
import {
  alertsReached,
  check,
  isPastEmergency,
  lines,
  rolled,
  takesPastEmergency,
  withLine,
} from '../../src/budgets/rules.ts';
import { type BudgetState, toDecimal, toDollars, toUnits } from '../../src/budgets/state.ts';

const now = new Date('2026-03-02T09:00:00.000Z');
const fresh = newBudget('project_x', 'UTC', now);
const spent = (tokens: number, dollars: string, reserved: [number, string] = [0, '0']): BudgetState => {
  let state = fresh;
  for (const type of ['TOKEN_DAILY', 'TOKEN_MONTHLY'] as const)
    state = withLine(state, type, () => ({ used: BigInt(tokens) }));
  for (const type of ['COST_DAILY', 'COST_MONTHLY'] as const)
    state = withLine(state, type, () => ({ used: toUnits(dollars) }));
  return {
    ...state,
    tokens: { ...state.tokens, reserved: BigInt(reserved[0]) },
    cost: { ...state.cost, reserved: toUnits(reserved[1]) },
  };
};
const ask = (state: BudgetState, tokens: number, dollars: string) =>
  check(state, { tokens: BigInt(tokens), cost: toUnits(dollars) });

describe('a check (6.2, 6.4)', () => {
  it.each([
    [fresh, 100_000, '100', [], false],
    [fresh, 100_001, '100', ['TOKEN_DAILY'], false],
    [fresh, 0, '100.0001', ['COST_DAILY'], false],
    [fresh, 0, '150', ['COST_DAILY'], false],
    [fresh, 0, '150.0001', ['COST_DAILY'], true],
    [fresh, 2_000_001, '2000.0001', ['TOKEN_DAILY', 'TOKEN_MONTHLY', 'COST_DAILY', 'COST_MONTHLY'], true],
    [spent(50_000, '50'), 50_000, '50', [], false],
    [spent(50_000, '50', [50_000, '50']), 0, '0', [], false],
    [spent(50_000, '50', [50_000, '50']), 1, '0.0001', ['TOKEN_DAILY', 'COST_DAILY'], false],
    // Past a line nothing is granted, whatever is asked of it.
    [spent(100_001, '0'), 0, '1', ['TOKEN_DAILY'], false],
    [spent(0, '160'), 0, '0', ['COST_DAILY'], false],
    [spent(0, '160'), 0, '0.0001', ['COST_DAILY'], true],
  ] as const)('#%# says which lines it does not fit into', (state, tokens, dollars, violations, stop) => {
    expect(ask(state, tokens, dollars)).toEqual({
      allowed: violations.length === 0,
      requiresApproval: violations.length > 0,
      budgetExceeded: violations.length > 0,
      emergencyStopRequired: stop,
      violations,
    });
  });

  it('allows nothing while a stop is in force, also where it fits (7.2)', () => {
    expect(ask({ ...fresh, stopped: true }, 1, '0')).toMatchObject({ allowed: false, budgetExceeded: false });
  });

  it('counts overrides with the limit (6.5)', () => {
    const granted = withLine(fresh, 'COST_DAILY', () => ({ overridden: toUnits('50') }));
    expect(ask(granted, 0, '150').allowed).toBe(true);
    expect(ask(granted, 0, '225').emergencyStopRequired).toBe(false);
    expect(ask(granted, 0, '225.0001').emergencyStopRequired).toBe(true);
  });
});

describe('the emergency level (6.4)', () => {
  it('is passed by used and reserved together, above 150 %', () => {
    expect(isPastEmergency(spent(0, '100', [0, '50']))).toBe(false);
    expect(isPastEmergency(spent(0, '100', [0, '50.0001']))).toBe(true);
  });

  it('is a reason to stop for what goes further, not for what settles behind it', () => {
    expect(takesPastEmergency(spent(0, '100'), spent(0, '151'))).toBe(true);
    expect(takesPastEmergency(spent(0, '151'), spent(0, '152'))).toBe(true);
    expect(takesPastEmergency(spent(0, '151', [0, '10']), spent(0, '161'))).toBe(false);
    expect(takesPastEmergency(spent(0, '160', [0, '10']), spent(0, '165'))).toBe(false);
  });
});

describe('alerts (6.4)', () => {
  it.each([
    ['79.9999', []],
    ['80', ['WARNING']],
    ['94.9999', ['WARNING']],
    ['95', ['WARNING', 'CRITICAL']],
    ['149.9999', ['WARNING', 'CRITICAL']],
    ['150', ['WARNING', 'CRITICAL', 'EMERGENCY']],
  ])('at %s of 100 dollars a day are %j', (dollars, expected) => {
    const reached = alertsReached(fresh, spent(0, dollars)).filter(
      ({ limitType }) => limitType === 'COST_DAILY',
    );
    expect(reached.map(({ alertType }) => alertType)).toEqual(expected);
  });

  it('speak of used alone, of every line, and EMERGENCY of the day’s cost alone', () => {
    expect(alertsReached(fresh, spent(0, '0', [100_000, '100']))).toEqual([]);
    const all = alertsReached(fresh, spent(4_000_000, '4000'));
    expect(all.map(({ limitType, alertType }) => `${limitType} ${alertType}`)).toEqual([
      'TOKEN_DAILY WARNING',
      'TOKEN_DAILY CRITICAL',
      'TOKEN_MONTHLY WARNING',
      'TOKEN_MONTHLY CRITICAL',
      'COST_DAILY WARNING',
      'COST_DAILY CRITICAL',
      'COST_DAILY EMERGENCY',
      'COST_MONTHLY WARNING',
      'COST_MONTHLY CRITICAL',
    ]);
  });

  it('come once a period, and of a limit of nothing with the first that is used', () => {
    expect(alertsReached(spent(0, '80'), spent(0, '81'))).toEqual([]);
    const tomorrow = rolled(spent(0, '80'), 'UTC', new Date('2026-03-03T00:00:00Z'));
    const again = withLine(tomorrow, 'COST_DAILY', () => ({ used: toUnits('80') }));
    expect(alertsReached(tomorrow, again).map(({ limitType }) => limitType)).toEqual(['COST_DAILY']);
    const none = withLine(fresh, 'TOKEN_DAILY', () => ({ limit: 0n }));
    expect(alertsReached(fresh, none)).toEqual([]);
    expect(
      alertsReached(
        none,
        withLine(none, 'TOKEN_DAILY', () => ({ used: 1n })),
      ),
    ).toHaveLength(2);
  });
});

describe('a period that is over (6.1)', () => {
  const busy = spent(10, '1', [5, '0.5']);
  it.each([
    ['2026-03-02T23:59:59.999Z', [10n, 10n]],
    ['2026-03-03T00:00:00.000Z', [0n, 10n]],
    ['2026-04-01T00:00:00.000Z', [0n, 0n]],
  ])('at %s has begun anew what it must', (at, used) => {
    const state = rolled(busy, 'UTC', new Date(at));
    expect([state.tokens.daily.used, state.tokens.monthly.used]).toEqual(used);
    expect([state.tokens.reserved, state.cost.reserved]).toEqual([5n, 5000n]);
    expect(state.day.end > new Date(at) && state.month.end > new Date(at)).toBe(true);
  });

  it('leaves a budget alone whose periods run', () => {
    expect(rolled(busy, 'UTC', now)).toBe(busy);
    expect(rolled(busy, 'UTC', new Date(0))).toBe(busy);
  });
});

it('a line shows what is left, below nothing too (6.2)', () => {
  const [daily] = lines(spent(100_000, '0', [7, '0']));
  expect(daily).toMatchObject({ limitType: 'TOKEN_DAILY', used: 100_000n, reserved: 7n, remaining: -7n });
});

it.each([
  ['0', 0n, '0.0000'],
  ['100', 1_000_000n, '100.0000'],
  ['0.1', 1000n, '0.1000'],
  ['0.0001', 1n, '0.0001'],
  ['-0.5', -5000n, '-0.5000'],
  ['1000000000000', 10n ** 16n, '1000000000000.0000'],
])('%s dollars are %s units, and come out as %s (6.6)', (text, units, shown) => {
  expect(toUnits(text)).toBe(units);
  expect(toDecimal(units)).toBe(shown);
});

it.each([
  ['25', '$25'],
  ['1250.5', '$1,250.50'],
  ['0.0125', '$0.0125'],
  ['-0.0001', '-$0.0001'],
  ['0', '$0'],
])('%s dollars read as %s', (text, shown) => {
  expect(toDollars(toUnits(text))).toBe(shown);
});
