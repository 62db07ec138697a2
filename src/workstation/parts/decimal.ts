// Amounts as the API says them, exact decimals with four places, counted in ten-thousandths. No amount is ever a float: only
// what is drawn of one is.

const PLACES = 4;
const UNIT = 10_000n;

export type Measure = 'tokens' | 'dollars';

/** "12.5" → 125000n. What is no decimal is refused: the API says none that is not. */
export function unitsOf(decimal: string): bigint {
  const match = /^(-?)(\d+)(?:\.(\d{1,4}))?$/.exec(decimal);
  if (!match) throw new Error(`no decimal: ${decimal}`);
  const [, sign, whole = '', fraction = ''] = match;
  const units = BigInt(whole) * UNIT + BigInt(fraction.padEnd(PLACES, '0'));
  return sign === '-' ? -units : units;
}

const grouped = (whole: bigint): string => whole.toLocaleString('en');

/** Exact: dollars with two places, and with all of them where the others say something; tokens whole where they are. */
export function amount(units: bigint, measure: Measure): string {
  const positive = units < 0n ? -units : units;
  const sign = units < 0n ? '−' : '';
  const fraction = String(positive % UNIT).padStart(PLACES, '0');
  if (measure === 'tokens') {
    const rest = fraction.replace(/0+$/, '');
    return `${sign}${grouped(positive / UNIT)}${rest === '' ? '' : `.${rest}`}`;
  }
  return `${sign}$${grouped(positive / UNIT)}.${fraction.endsWith('00') ? fraction.slice(0, 2) : fraction}`;
}

/** An estimate pretends to no more than whole tokens or cents; rounded down. */
export function about(units: bigint, measure: Measure): string {
  const step = measure === 'tokens' ? UNIT : UNIT / 100n;
  return amount((units / step) * step, measure);
}

/** What part of a whole, for drawing: 0 to 1, and 1 where there is no whole. */
export function share(part: bigint, whole: bigint): number {
  if (part <= 0n) return 0;
  if (whole <= 0n || part >= whole) return 1;
  return Number((part * UNIT) / whole) / Number(UNIT);
}
