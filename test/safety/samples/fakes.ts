import { createHash } from 'node:crypto';

// What stands for ⟦kind⟧ in the samples. Made up here, so that no file of the repository holds anything that looks like
// a secret or like somebody's number to the scanners of others, and the same in every run.

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';

/** So many characters of the alphabet, drawn by hashing the seed. */
function draw(seed: string, length: number, alphabet: string): string {
  let text = '';
  for (let block = 0; text.length < length; block++) {
    for (const byte of createHash('sha256').update(`${seed}/${block}`).digest())
      text += alphabet[byte % alphabet.length];
  }
  return text.slice(0, length);
}
const mixed = (seed: string, length: number, more = ''): string =>
  draw(seed, length, LETTERS + LOWER + DIGITS + more);
const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** The digit that makes the whole number pass the check of cards (Luhn). */
export function withLuhn(digits: string): string {
  const sum = [...digits].reverse().reduce((total, digit, at) => {
    const value = Number(digit) * (at % 2 === 0 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return digits + ((10 - (sum % 10)) % 10);
}

/** The check digits of an IBAN (ISO 7064, 97-10). */
export function iban(country: string, account: string): string {
  const digits = [...`${account}${country}00`].map((c) => String(Number.parseInt(c, 36))).join('');
  return `${country}${String(98n - (BigInt(digits) % 97n)).padStart(2, '0')}${account}`;
}
const inGroups = (text: string): string => text.match(/.{1,4}/g)!.join(' ');
const pem = (label: string, seed: string): string =>
  `-----BEGIN ${label}-----\n${draw(seed, 360, `${LETTERS}${LOWER}${DIGITS}+/`)
    .match(/.{1,64}/g)!
    .join('\n')}\n-----END ${label}-----`;

function cpf(): string {
  const check = (digits: string): string => {
    const sum = [...digits].reduce((total, d, at) => total + Number(d) * (digits.length + 1 - at), 0);
    return digits + (((sum * 10) % 11) % 10);
  };
  const all = check(check('390533447'));
  return `${all.slice(0, 3)}.${all.slice(3, 6)}.${all.slice(6, 9)}-${all.slice(9)}`;
}

/** A Dutch citizen number: the weighted sum is a multiple of 11. */
function bsn(): string {
  for (let last = 0; last < 100; last++) {
    const digits = `1234567${String(last).padStart(2, '0')}`;
    const sum = [...digits].reduce((total, d, at) => total + Number(d) * (at === 8 ? -1 : 9 - at), 0);
    if (sum % 11 === 0) return digits;
  }
  throw new Error('no number found');
}

function pesel(): string {
  const digits = '8503141234';
  const weights = [1, 3, 7, 9, 1, 3, 7, 9, 1, 3];
  const sum = weights.reduce((total, weight, at) => total + weight * Number(digits[at]), 0);
  return digits + ((10 - (sum % 10)) % 10);
}

function codiceFiscale(): string {
  const body = 'RNLMRC80A01H501';
  const odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
  const place = (c: string): number => (/\d/.test(c) ? Number(c) : LETTERS.indexOf(c));
  const sum = [...body].reduce((total, c, at) => total + (at % 2 === 0 ? odd[place(c)]! : place(c)), 0);
  return body + LETTERS[sum % 26];
}

const nir = (): string => {
  const digits = '185057511401' + '2';
  return `${digits} ${String(97n - (BigInt(digits) % 97n)).padStart(2, '0')}`;
};

export const fakes: Record<string, string> = {
  github: `ghp_${mixed('github', 36)}`,
  slack: `xoxb-${draw('slack1', 12, DIGITS)}-${draw('slack2', 13, DIGITS)}-${mixed('slack3', 24)}`,
  'aws-id': `AKIA${draw('aws', 16, `${LETTERS}234567`)}`,
  'aws-secret': mixed('aws-secret', 40, '+/'),
  stripe: `sk_live_${mixed('stripe', 24)}`,
  openai: `sk-proj-${mixed('openai1', 74)}T3BlbkFJ${mixed('openai2', 74)}`,
  anthropic: `sk-ant-api03-${mixed('anthropic', 93, '-_')}AA`,
  google: `AIza${mixed('google', 35, '-_')}`,
  npm: `npm_${mixed('npm', 36)}`,
  gitlab: `glpat-${mixed('gitlab', 20)}`,
  sendgrid: `SG.${mixed('sg1', 22)}.${mixed('sg2', 43)}`,
  'twilio-sid': `AC${draw('twilio', 32, `${DIGITS}abcdef`)}`,
  hex32: draw('hex32', 32, `${DIGITS}abcdef`),
  azure: `${mixed('azure', 86, '+/')}==`,
  opaque: mixed('opaque', 40),
  password: `${mixed('password', 7)}#9${mixed('password2', 4)}!`,
  basic: Buffer.from(`svc-report:${mixed('basic', 16)}`).toString('base64'),
  jwt: `${base64url({ alg: 'RS256', typ: 'JWT', kid: 'a1' })}.${base64url({ sub: 'svc', iss: 'https://id.corp.internal', exp: 1999999999 })}.${mixed('jwt', 86, '-_')}`,
  pem: pem('RSA PRIVATE KEY', 'pem'),
  openssh: pem('OPENSSH PRIVATE KEY', 'openssh'),
  card: withLuhn('471630021845772'),
  'card-spaced': inGroups(withLuhn('542418279079317')),
  'card-dashes': inGroups(withLuhn('453201511283036')).replaceAll(' ', '-'),
  'iban-fr': inGroups(iban('FR', '30006000011234567890189')),
  'card-number': withLuhn('453914880343646'),
  amex: withLuhn('37734512903846'),
  'iban-de-spaced': inGroups(iban('DE', '500105175407324931')),
  'iban-at': iban('AT', '2011184567890123'),
  'iban-nl': iban('NL', 'INGB0653214987'),
  dni: `12345678${'TRWAGMYFPDXBNJZSQVHLCKE'[12345678 % 23]}`,
  nir: nir(),
  cpf: cpf(),
  bsn: bsn(),
  pesel: pesel(),
  'codice-fiscale': codiceFiscale(),
};

/** The value with every ⟦kind⟧ made up, in keys too. */
export function withFakes(value: unknown): unknown {
  if (typeof value === 'string')
    return value.replace(/⟦([a-z0-9-]+)⟧/g, (_, kind: string) => {
      const fake = fakes[kind];
      if (fake === undefined) throw new Error(`no such fake: ${kind}`);
      return fake;
    });
  if (Array.isArray(value)) return value.map(withFakes);
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(
      Object.entries(value).map(([key, child]) => [withFakes(key), withFakes(child)]),
    );
  return value;
}
