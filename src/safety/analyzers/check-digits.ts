// The check digits of numbers that belong to people. Each function takes the number without its separators.

const digitsOf = (text: string): number[] => [...text].map(Number);
const weighted = (digits: readonly number[], weights: readonly number[]): number =>
  weights.reduce((sum, weight, at) => sum + weight * (digits[at] ?? 0), 0);

/** ISO/IEC 7812: cards. */
export function luhn(number: string): boolean {
  const sum = digitsOf(number)
    .reverse()
    .reduce((total, digit, at) => total + (at % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2), 0);
  return sum % 10 === 0;
}

/** Characters of an IBAN, by country (the SWIFT registry, those in common use). */
export const IBAN_LENGTHS: Readonly<Record<string, number>> = {
  AD: 24,
  AE: 23,
  AL: 28,
  AT: 20,
  AZ: 28,
  BA: 20,
  BE: 16,
  BG: 22,
  BH: 22,
  BR: 29,
  CH: 21,
  CR: 22,
  CY: 28,
  CZ: 24,
  DE: 22,
  DK: 18,
  DO: 28,
  EE: 20,
  EG: 29,
  ES: 24,
  FI: 18,
  FO: 18,
  FR: 27,
  GB: 22,
  GE: 22,
  GI: 23,
  GL: 18,
  GR: 27,
  GT: 28,
  HR: 21,
  HU: 28,
  IE: 22,
  IL: 23,
  IS: 26,
  IT: 27,
  JO: 30,
  KW: 30,
  KZ: 20,
  LB: 28,
  LI: 21,
  LT: 20,
  LU: 20,
  LV: 21,
  MC: 27,
  MD: 24,
  ME: 22,
  MK: 19,
  MR: 27,
  MT: 31,
  MU: 30,
  NL: 18,
  NO: 15,
  PK: 24,
  PL: 28,
  PS: 29,
  PT: 25,
  QA: 29,
  RO: 24,
  RS: 22,
  SA: 24,
  SE: 24,
  SI: 19,
  SK: 24,
  SM: 27,
  TN: 24,
  TR: 26,
  UA: 29,
  VG: 24,
  XK: 20,
};

/** ISO 7064, MOD 97-10. */
export function ibanChecks(iban: string): boolean {
  let rest = 0;
  for (const c of iban.slice(4) + iban.slice(0, 4)) {
    for (const digit of String(Number.parseInt(c, 36))) rest = (rest * 10 + Number(digit)) % 97;
  }
  return rest === 1;
}

const DNI_LETTERS = 'TRWAGMYFPDXBNJZSQVHLCKE';
/** Spain: eight digits, or X, Y, Z and seven, and a letter. */
export function dni(id: string): boolean {
  const number = Number(id.slice(0, -1).replace(/^[XYZ]/, (c) => String('XYZ'.indexOf(c))));
  return DNI_LETTERS[number % 23] === id.at(-1);
}

/** France: thirteen digits (Corsica's letters left out) and two for checking. */
export const nir = (id: string): boolean => 97n - (BigInt(id.slice(0, 13)) % 97n) === BigInt(id.slice(13));

/** Brazil. */
export function cpf(id: string): boolean {
  const digits = digitsOf(id);
  if (new Set(digits).size === 1) return false;
  const check = (count: number): number =>
    ((digits.slice(0, count).reduce((sum, digit, at) => sum + digit * (count + 1 - at), 0) * 10) % 11) % 10;
  return check(9) === digits[9] && check(10) === digits[10];
}

/** The Netherlands: the eleven test. */
export const bsn = (id: string): boolean =>
  Number(id) > 0 && weighted(digitsOf(id), [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0;

/** Poland. */
export const pesel = (id: string): boolean =>
  weighted(digitsOf(id), [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0;

/** Germany's tax number (ISO 7064, MOD 11,10). */
export function steuerId(id: string): boolean {
  let product = 10;
  for (const digit of digitsOf(id.slice(0, 10))) {
    const sum = (digit + product) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return (11 - product) % 10 === Number(id[10]);
}

const ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
/** Italy. */
export function codiceFiscale(id: string): boolean {
  const place = (c: string): number => (c >= '0' && c <= '9' ? Number(c) : c.charCodeAt(0) - 65);
  const sum = [...id]
    .slice(0, 15)
    .reduce((total, c, at) => total + (at % 2 === 0 ? ODD[place(c)]! : place(c)), 0);
  return String.fromCharCode(65 + (sum % 26)) === id[15];
}

/** The United States have no check digit: these were never given out. */
export const ssn = (id: string): boolean =>
  !/^(?:000|666|9)/.test(id) &&
  !/^\d{3}00/.test(id) &&
  !id.endsWith('0000') &&
  !/^(?:123456789|111111111)$/.test(id);
