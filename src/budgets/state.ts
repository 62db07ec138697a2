import { Prisma } from '../generated/prisma/client.ts';

// A project's budget, in exact whole numbers: tokens as they are, money in ten-thousandths of a dollar (behaviour 6.6).

/** What one of the four lines says beside what is held, which counts in all of them alike. */
export interface LineState {
  readonly limit: bigint;
  readonly used: bigint;
  readonly overridden: bigint;
}

export interface Period {
  readonly start: Date;
  /** Where the next one begins. */
  readonly end: Date;
}

export interface BudgetState {
  readonly id: string;
  readonly projectId: string;
  /** The project's: what the next periods are counted by. */
  readonly timeZone: string;
  readonly tokens: { readonly reserved: bigint; readonly daily: LineState; readonly monthly: LineState };
  readonly cost: { readonly reserved: bigint; readonly daily: LineState; readonly monthly: LineState };
  readonly day: Period;
  readonly month: Period;
  /** An emergency stop is in force: nothing is granted. */
  readonly stopped: boolean;
  readonly updatedAt: Date;
}

/** The columns of `budgets`: field → SQL type. */
export const budgetColumns = {
  id: 'text',
  projectId: 'text',
  dailyTokenLimit: 'bigint',
  monthlyTokenLimit: 'bigint',
  dailyCostLimit: 'numeric',
  monthlyCostLimit: 'numeric',
  dailyTokensUsed: 'bigint',
  monthlyTokensUsed: 'bigint',
  dailyCostUsed: 'numeric',
  monthlyCostUsed: 'numeric',
  tokensReserved: 'bigint',
  costReserved: 'numeric',
  dailyTokensOverridden: 'bigint',
  monthlyTokensOverridden: 'bigint',
  dailyCostOverridden: 'numeric',
  monthlyCostOverridden: 'numeric',
  dayStart: 'timestamptz',
  dayEnd: 'timestamptz',
  monthStart: 'timestamptz',
  monthEnd: 'timestamptz',
  emergencyStopTriggered: 'boolean',
  updatedAt: 'timestamptz',
} as const;

type Field = keyof typeof budgetColumns;

/** Ten-thousandths of a dollar out of a decimal's text with at most four places. */
export function toUnits(decimal: string): bigint {
  const [whole = '0', fraction = ''] = decimal.replace('-', '').split('.');
  const units = BigInt(whole) * 10_000n + BigInt(fraction.padEnd(4, '0').slice(0, 4) || '0');
  return decimal.startsWith('-') ? -units : units;
}

/** The other way round, with four places: "100.0000". */
export function toDecimal(units: bigint): string {
  const digits = (units < 0n ? -units : units).toString().padStart(5, '0');
  return `${units < 0n ? '-' : ''}${digits.slice(0, -4)}.${digits.slice(-4)}`;
}

/** As people read it: "$25", "$1,250.50", and all four places where the cents do not say it: "$0.0125". */
export function toDollars(units: bigint): string {
  const [sign, whole = '', fraction = ''] = /^(-?)(\d+)\.(\d{4})$/.exec(toDecimal(units))!.slice(1);
  const cents = fraction === '0000' ? '' : `.${fraction.endsWith('00') ? fraction.slice(0, 2) : fraction}`;
  return `${sign}$${BigInt(whole).toLocaleString('en')}${cents}`;
}

/** An exact number as its driver has it, in digits: from 10^21 on, a Decimal's own text would have an exponent. */
const digits = (value: unknown): string =>
  value instanceof Prisma.Decimal ? value.toFixed() : String(value as string | bigint | number);

/** A row of `budgets` with its project's time zone, its numbers as text or exact values, its instants as text or Date. */
export function reviveBudget(row: Record<string, unknown>): BudgetState {
  const tokens = (field: Field): bigint => BigInt(String(row[field]));
  const cost = (field: Field): bigint => toUnits(digits(row[field]));
  const instant = (field: Field): Date => new Date(row[field] as string);
  return {
    id: row.id as string,
    projectId: row.projectId as string,
    timeZone: row.timeZone as string,
    tokens: {
      reserved: tokens('tokensReserved'),
      daily: {
        limit: tokens('dailyTokenLimit'),
        used: tokens('dailyTokensUsed'),
        overridden: tokens('dailyTokensOverridden'),
      },
      monthly: {
        limit: tokens('monthlyTokenLimit'),
        used: tokens('monthlyTokensUsed'),
        overridden: tokens('monthlyTokensOverridden'),
      },
    },
    cost: {
      reserved: cost('costReserved'),
      daily: {
        limit: cost('dailyCostLimit'),
        used: cost('dailyCostUsed'),
        overridden: cost('dailyCostOverridden'),
      },
      monthly: {
        limit: cost('monthlyCostLimit'),
        used: cost('monthlyCostUsed'),
        overridden: cost('monthlyCostOverridden'),
      },
    },
    day: { start: instant('dayStart'), end: instant('dayEnd') },
    month: { start: instant('monthStart'), end: instant('monthEnd') },
    stopped: row.emergencyStopTriggered === true,
    updatedAt: instant('updatedAt'),
  };
}

/** The columns that a change of a budget may write, as values that `jsonb_to_recordset` reads. */
export function budgetRow({
  tokens,
  cost,
  day,
  month,
  ...state
}: BudgetState): Record<Field, string | boolean> {
  return {
    id: state.id,
    projectId: state.projectId,
    dailyTokenLimit: String(tokens.daily.limit),
    monthlyTokenLimit: String(tokens.monthly.limit),
    dailyCostLimit: toDecimal(cost.daily.limit),
    monthlyCostLimit: toDecimal(cost.monthly.limit),
    dailyTokensUsed: String(tokens.daily.used),
    monthlyTokensUsed: String(tokens.monthly.used),
    dailyCostUsed: toDecimal(cost.daily.used),
    monthlyCostUsed: toDecimal(cost.monthly.used),
    tokensReserved: String(tokens.reserved),
    costReserved: toDecimal(cost.reserved),
    dailyTokensOverridden: String(tokens.daily.overridden),
    monthlyTokensOverridden: String(tokens.monthly.overridden),
    dailyCostOverridden: toDecimal(cost.daily.overridden),
    monthlyCostOverridden: toDecimal(cost.monthly.overridden),
    dayStart: day.start.toISOString(),
    dayEnd: day.end.toISOString(),
    monthStart: month.start.toISOString(),
    monthEnd: month.end.toISOString(),
    emergencyStopTriggered: state.stopped,
    updatedAt: state.updatedAt.toISOString(),
  };
}

/** A project has one budget, whose id is the project's with another prefix: nobody has to look it up. */
export const budgetIdOf = (projectId: string): string => projectId.replace(/^project_/, 'budget_');
