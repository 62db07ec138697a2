import { isIPv6 } from 'node:net';
import type { Analyzer, Finding, Text } from '../analyzer.ts';
import {
  bsn,
  codiceFiscale,
  cpf,
  dni,
  IBAN_LENGTHS,
  ibanChecks,
  luhn,
  nir,
  pesel,
  ssn,
  steuerId,
} from './check-digits.ts';
import { finding, matches, placeIn } from './matches.ts';

// Data that belongs to a person, by narrow patterns, checked by their check digits where there are any: MEDIUM. Numbers
// published for tests are LOW. Not looked for: names, addresses of houses, dates of birth, anything that only a reader
// of the language would recognise. Addresses of an office (info@, support@), of reserved domains (example.com), and of
// networks that belong to nobody (private ones, those of documentation) are nobody's data.

export const EMAIL =
  /(?<![A-Za-z0-9._%+-])(?<local>[A-Za-z0-9._%+-]{1,64})(?:@|%40)(?<domain>[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,5}\.[A-Za-z]{2,24})(?![A-Za-z0-9-])/g;
export const PHONE = /(?<![\w+.]|\d )(?:\+|00)[1-9](?:[ ()./-]{0,3}\d){7,14}(?![\d-]?\d)/g;
export const CARD = /(?<![\w.-])\d(?:[ -]?\d){13,18}(?![\d-])/g;
export const IBAN = /\b[A-Z]{2}\d{2} ?[A-Z0-9](?: ?[A-Z0-9]){9,30}/g;
export const IPV4 = /(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w/]|\.\d)/g;
export const IPV6 = /(?<![\w:.])[0-9A-Fa-f]{1,4}:[0-9A-Fa-f:]{4,36}(?![\w:])/g;

const RESERVED =
  /(?:^|\.)(?:example\.(?:com|org|net|edu)|example|test|invalid|localhost|local|internal|lan|corp|home|arpa)$/i;
const OFFICE =
  /^(?:info|support|hello|contact|kontakt|office|sales|billing|invoices?|accounting|buchhaltung|admin|administrator|root|postmaster|webmaster|hostmaster|abuse|security|privacy|datenschutz|press|presse|jobs|careers|hr|marketing|team|service|help|helpdesk|no-?reply|do-?not-?reply|notifications?|alerts?|newsletter|news|git|deploy|ubuntu|ec2-user|user|username|name|you|your\.?name|someone|test|bot)(?:[+.-].*)?$/i;

export const personalData: Analyzer = {
  name: 'personal-data',
  looksAt: ['INPUT', 'RESPONSE'],
  async analyze({ texts }) {
    return texts.flatMap((text) => [
      ...emails(text),
      ...phones(text),
      ...cards(text),
      ...ibans(text),
      ...addresses(text),
      ...nationalIds(text),
    ]);
  },
};

const personal = (text: Text, at: number, value: string, code: string, message: string): Finding =>
  finding('PRIVACY', 'MEDIUM', code, message, placeIn(text, at, at + value.length));
const published = (text: Text, at: number, value: string, code: string, message: string): Finding =>
  finding('PRIVACY', 'LOW', code, message, placeIn(text, at, at + value.length));

function* emails(text: Text): Generator<Finding> {
  for (const { match, at, value } of matches(EMAIL, text)) {
    const { local, domain } = match.groups as { local: string; domain: string };
    if (RESERVED.test(domain) || OFFICE.test(local) || /noreply/i.test(domain)) continue;
    // user:password@host of a URL is no mailbox.
    if (/:\/\/[^\s"'<>?]*$/.test(text.text.slice(Math.max(0, at - 200), at))) continue;
    if (/\b(?:ssh|scp|rsync|sftp)\s[^\n]{0,80}$/.test(text.text.slice(Math.max(0, at - 100), at))) continue;
    yield personal(text, at, value, 'email_address', 'The e-mail address of a person');
  }
}

/** Calling codes (ITU-T E.164) by their first digits: enough to tell a number from a sum. */
const CALLING_CODE =
  /^(?:1|20|21[1-8]|22\d|23\d|24\d|25[0-8]|26\d|27|29[01789]|3[0-469]|35\d|37\d|38[0-35-79]|4[0-13-9]|42[013]|5[1-8]|50\d|59\d|6[0-6]|67\d|68\d|69[0-2]|7|8[1246]|85[02356]|88[06]|9[0-58]|96\d|97[0-79]|99[2-68])/;

function* phones(text: Text): Generator<Finding> {
  for (const { at, value } of matches(PHONE, text)) {
    const digits = value.replace(/\D/g, '').replace(/^00/, '');
    if (
      digits.length < 9 ||
      digits.length > 15 ||
      !CALLING_CODE.test(digits) ||
      /^(?:12345678|1{8}|123123)/.test(digits)
    )
      continue;
    if (digits.startsWith('1') && (digits.length !== 11 || /^1\d{3}?55501\d\d$|^1[01]/.test(digits)))
      continue;
    // "00…" alone is a number like any other: it needs groups, or a word for a telephone before it.
    if (
      !value.startsWith('+') &&
      !/[ /-]/.test(value) &&
      !/(?:tel|phone|fon|mobil|call|fax)\D{0,20}$/i.test(text.text.slice(Math.max(0, at - 40), at))
    )
      continue;
    yield personal(text, at, value, 'phone_number', 'A telephone number');
  }
}

const BRANDS: readonly (readonly [RegExp, readonly number[]])[] = [
  [/^4/, [16, 19]],
  [/^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]],
  [/^3[47]/, [15]],
  [/^3(?:0[0-5]|[689])/, [14]],
  [/^(?:6011|65|64[4-9])/, [16]],
  [/^35(?:2[89]|[3-8])/, [16]],
  [/^62/, [16]],
];
/** Numbers that the card networks and payment providers publish for tests. */
const TEST_CARD =
  /^(?:4242424242424242|40000\d{11}|4111111111111111|4012888888881881|4444333322221111|5555555555554444|5200828282828210|5105105105105100|2223003122003222|2223000048410010|378282246310005|371449635398431|6011111111111117|6011000990139424|3056930009020004|30569309025904|38520000023237|3530111333300000|3566002020360505)$/;

function* cards(text: Text): Generator<Finding> {
  for (const { at, value } of matches(CARD, text)) {
    const number = value.replace(/\D/g, '');
    if (!BRANDS.some(([prefix, lengths]) => prefix.test(number) && lengths.includes(number.length))) continue;
    if (!luhn(number) || !/^(?:\d+|\d{4}([ -])\d{4}\1\d{4}\1\d{4}|\d{4}([ -])\d{6}\2\d{4,5})$/.test(value))
      continue;
    yield TEST_CARD.test(number)
      ? published(text, at, value, 'test_card_number', 'A card number that is published for tests')
      : personal(text, at, value, 'card_number', 'The number of a payment card');
  }
}

const SAMPLE_IBANS = new Set([
  'DE89370400440532013000',
  'GB29NWBK60161331926819',
  'GB82WEST12345698765432',
  'FR1420041010050500013M02606',
  'NL91ABNA0417164300',
  'CH9300762011623852957',
  'AT611904300234573201',
  'BE68539007547034',
  'ES9121000418450200051332',
]);

function* ibans(text: Text): Generator<Finding> {
  for (const { at, value } of matches(IBAN, text)) {
    const length = IBAN_LENGTHS[value.slice(0, 2)];
    if (length === undefined) continue;
    let end = 0;
    for (let count = 0; end < value.length && count < length; end++) if (value[end] !== ' ') count += 1;
    const shown = value.slice(0, end);
    const iban = shown.replaceAll(' ', '');
    if (iban.length !== length || !ibanChecks(iban)) continue;
    yield SAMPLE_IBANS.has(iban)
      ? published(text, at, shown, 'sample_iban', 'An IBAN that is published as a sample')
      : personal(text, at, shown, 'iban', 'An IBAN');
  }
}

/** This network, private, carrier, loopback, link-local, documentation, benchmarks, multicast and beyond. */
const NOBODYS_IPV4 =
  /^(?:0|10|127|22[4-9]|23\d|24\d|25[0-5])\.|^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|^169\.254\.|^172\.(?:1[6-9]|2\d|3[01])\.|^192\.(?:168|0\.[02])\.|^198\.(?:1[89]|51\.100)\.|^203\.0\.113\./;
const RESOLVER =
  /^(?:1\.1\.1\.1|1\.0\.0\.1|8\.8\.8\.8|8\.8\.4\.4|9\.9\.9\.9|149\.112\.112\.112|208\.67\.22[02]\.22[02])$/;
const OF_A_VERSION = /(?:version|release|driver|firmware|build|update|chrome|v)[\s:/-]{0,3}$/i;

function* addresses(text: Text): Generator<Finding> {
  for (const { at, value } of matches(IPV4, text)) {
    if (value.split('.').some((part) => Number(part) > 255 || /^0\d/.test(part))) continue;
    if (NOBODYS_IPV4.test(value) || RESOLVER.test(value)) continue;
    if (OF_A_VERSION.test(text.text.slice(Math.max(0, at - 20), at))) continue;
    yield personal(text, at, value, 'ip_address', 'An IP address, which may lead to a person');
  }
  for (const { at, value } of matches(IPV6, text)) {
    if (isIPv6(value) && /^[23]/.test(value) && !/^2001:0?db8/i.test(value))
      yield personal(text, at, value, 'ip_address', 'An IP address, which may lead to a person');
  }
}

interface NationalId {
  code: string;
  message: string;
  pattern: RegExp;
  checks: (id: string) => boolean;
  /** A word for it that must stand before it: the number alone would be found by chance. */
  word?: RegExp;
}

export const NATIONAL_IDS: readonly NationalId[] = [
  {
    code: 'spanish_id',
    message: 'A Spanish DNI or NIE',
    pattern: /(?<![\w-])[XYZ\d]\d{7}-?[A-Z](?![\w-])/g,
    checks: dni,
  },
  {
    code: 'french_id',
    message: 'A French social security number',
    pattern: /(?<![\w-])[12] ?\d{2} ?\d{2} ?\d{2} ?\d{3} ?\d{3} ?\d{2}(?![\w-])/g,
    checks: nir,
  },
  {
    code: 'brazilian_id',
    message: 'A Brazilian CPF',
    pattern: /(?<![\w-])\d{3}\.\d{3}\.\d{3}-\d{2}(?![\w-])/g,
    checks: cpf,
  },
  {
    code: 'italian_id',
    message: 'An Italian codice fiscale',
    pattern: /(?<![\w-])[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?![\w-])/g,
    checks: codiceFiscale,
  },
  {
    code: 'dutch_id',
    message: 'A Dutch BSN',
    pattern: /(?<![\w-])\d{9}(?![\w-])/g,
    checks: bsn,
    word: /bsn|burgerservice|sofi/i,
  },
  {
    code: 'polish_id',
    message: 'A Polish PESEL',
    pattern: /(?<![\w-])\d{11}(?![\w-])/g,
    checks: pesel,
    word: /pesel/i,
  },
  {
    code: 'german_tax_id',
    message: 'A German tax number',
    pattern: /(?<![\w-])[1-9]\d ?\d{3} ?\d{3} ?\d{3}(?![\w-])/g,
    checks: steuerId,
    word: /steuer|tax ?id|idnr/i,
  },
  {
    code: 'us_ssn',
    message: 'A US Social Security number',
    pattern: /(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])/g,
    checks: ssn,
    word: /ssn|social security/i,
  },
];

function* nationalIds(text: Text): Generator<Finding> {
  for (const { code, message, pattern, checks, word } of NATIONAL_IDS) {
    for (const { at, value } of matches(pattern, text)) {
      if (!checks(value.replace(/[ .-]/g, ''))) continue;
      if (word && !word.test(`${text.name} ${text.text.slice(Math.max(0, at - 60), at)}`)) continue;
      yield personal(text, at, value, code, message);
    }
  }
}
