import { z } from 'zod';

/** US dollars, as budgets take them. */
export const decimal = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,4})?$/, 'must be a decimal with at most four places, as text');

/** US dollars for a million tokens. */
export interface Price {
  readonly input: string;
  readonly output: string;
}

/** By the names of models. */
export type Prices = Readonly<Record<string, Price>>;

/** Undefined: there is none. */
export const priceOf = (prices: Prices, model: string): Price | undefined =>
  Object.hasOwn(prices, model) ? prices[model] : undefined;

export interface Tokens {
  input: number;
  output: number;
}

const UNITS = 10_000n;
const MILLION = 1_000_000n;

/** What so many tokens cost, in dollars with four places, rounded up: a hold must not be too small. */
export function costOf(price: Price, { input, output }: Tokens): string {
  const millionths = units(price.input) * BigInt(input) + units(price.output) * BigInt(output);
  const whole = (millionths + MILLION - 1n) / MILLION;
  return `${whole / UNITS}.${String(whole % UNITS).padStart(4, '0')}`;
}

/** In ten-thousandths of a dollar. */
function units(amount: string): bigint {
  const [whole = '0', part = ''] = amount.split('.');
  return BigInt(whole) * UNITS + BigInt(part.padEnd(4, '0'));
}

/** Bytes of text that make a token at least, in the languages and formats that models are sent: an estimate to hold. */
const BYTES_A_TOKEN = 3;

/** No fewer tokens than a text of so many bytes will be counted as, but for text that is hardly words. */
export const tokensIn = (bytes: number): number => Math.ceil(bytes / BYTES_A_TOKEN);

export const tokensOf = (text: string): number => tokensIn(Buffer.byteLength(text));
