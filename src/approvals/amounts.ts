import { toDecimal, toUnits } from '../budgets/state.ts';
import type { Faults } from '../kernel/bounds.ts';

/** What the database's column for an amount holds, in whole units; far more than anybody has. */
const MOST_UNITS = 10n ** 16n * 10_000n - 1n;
const MOST_TOKENS = 2_147_483_647;
const DECIMAL = /^-?\d{1,40}(\.\d{1,4})?$/;

/** A decimal's text in ten-thousandths; null, and a fault told, where it is none, has more places, or is below `least`. */
export function unitsOf(faults: Faults, path: string[], text: string, least = 0n): bigint | null {
  const name = path.at(-1)!;
  if (!DECIMAL.test(text)) {
    faults.add(path, `${name} must be a decimal number with at most four places`);
    return null;
  }
  const units = toUnits(text);
  if (units >= least && units <= MOST_UNITS) return units;
  faults.add(path, `${name} must be ${toDecimal(least)} to ${toDecimal(MOST_UNITS)}`);
  return null;
}

export function tokensFault(faults: Faults, path: string[], tokens: number): void {
  if (Number.isInteger(tokens) && tokens >= 0 && tokens <= MOST_TOKENS) return;
  faults.add(path, `${path.at(-1)!} must be 0 to ${MOST_TOKENS}`);
}
