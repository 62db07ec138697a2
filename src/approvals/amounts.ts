import { MOST_COST, MOST_TOKENS_AT_ONCE } from '../budgets/limits.ts';
import { toDecimal, toUnits } from '../budgets/state.ts';
import type { Faults } from '../kernel/bounds.ts';

const DECIMAL = /^-?\d{1,40}(\.\d{1,4})?$/;

/** A decimal's text in ten-thousandths; null, and a fault told, where it is none, has more places, or is below `least`. */
export function unitsOf(faults: Faults, path: string[], text: string, least = 0n): bigint | null {
  const name = path.at(-1)!;
  if (!DECIMAL.test(text)) {
    faults.add(path, `${name} must be a decimal number with at most four places`);
    return null;
  }
  const units = toUnits(text);
  if (units >= least && units <= MOST_COST) return units;
  faults.add(path, `${name} must be ${toDecimal(least)} to ${toDecimal(MOST_COST)}`);
  return null;
}

export function tokensFault(faults: Faults, path: string[], tokens: number): void {
  if (Number.isInteger(tokens) && tokens >= 0 && tokens <= MOST_TOKENS_AT_ONCE) return;
  faults.add(path, `${path.at(-1)!} must be 0 to ${MOST_TOKENS_AT_ONCE}`);
}
