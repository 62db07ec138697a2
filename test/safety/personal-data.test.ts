import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as checks from '../../src/safety/analyzers/check-digits.ts';
import { personalData } from '../../src/safety/analyzers/personal-data.ts';
import { fakes, iban, withLuhn } from './samples/fakes.ts';
import { found } from './subject.ts';

describe('personal data (5.8)', () => {
  it.each([
    ['an e-mail address', 'ada.berg@posteo-mail.de', 'email_address'],
    ['one in a link', 'https://x.de/u?m=ada.berg%40posteo-mail.de', 'email_address'],
    ['a telephone number', 'call +44 7700 900461', 'phone_number'],
    ['one with a zone in brackets', '+49 (30) 23125 117', 'phone_number'],
    ['a card', fakes.card, 'card_number'],
    ['a card in groups', fakes['card-spaced'], 'card_number'],
    ['a card as a number', { pan: Number(fakes['card-number']) }, 'card_number'],
    ['an IBAN', fakes['iban-at'], 'iban'],
    ['an IBAN in groups, with words behind it', `${fakes['iban-de-spaced']} BIC COBA`, 'iban'],
    ['an IP address', 'from 84.113.27.190 at nine', 'ip_address'],
    ['one of version 6', '2a02:8109:9c40:2b10:5d3e:91ff:fe02:77aa', 'ip_address'],
    ['a DNI', fakes.dni, 'spanish_id'],
    ['a NIR', fakes.nir, 'french_id'],
    ['a CPF', fakes.cpf, 'brazilian_id'],
    ['a BSN', `BSN: ${fakes.bsn}`, 'dutch_id'],
    ['a PESEL as a member', { pesel: fakes.pesel }, 'polish_id'],
    ['a codice fiscale', fakes['codice-fiscale'], 'italian_id'],
    ['an SSN', 'SSN 078-05-1120', 'us_ssn'],
  ])('finds %s: MEDIUM', async (_, value, code) => {
    expect(await found(personalData, value)).toEqual([`${code} MEDIUM`]);
  });

  it.each([
    ['an office', 'support@nordwind-gmbh.de'],
    ['a reserved domain', 'alice@example.com, bob@mail.test'],
    ['a package', 'npm i react-router@1.87.0'],
    ['a repository', 'git@github.com:acme/orders.git'],
    ['the user of a URL', 'ftp://ada:geheim@files.nordwind-gmbh.de/x'],
    ['a login', 'ssh ada@db.nordwind-gmbh.de'],
    ['a sum', '+12 345'],
    ['an order number', '4500012345678'],
    ['a card with a wrong digit', String(BigInt(fakes.card!) + 1n)],
    ['an IBAN with a wrong digit', 'AT712011184567890123'],
    ['a private address', '10.0.4.11, 192.168.1.20, 127.0.0.1, 172.20.4.7, 203.0.113.9'],
    ['a version', 'driver version 31.0.15.4'],
    ['an object id', '1.3.6.1.4.1'],
    ['a time', '09:14:11 and 23:59:59'],
    ['a BSN without its name', fakes.bsn],
    ['a UUID', '0191f6a2-7c4e-7b1a-9d53-2f0c8e6b4a17'],
  ])('leaves alone: %s', async (_, text) => {
    expect(await found(personalData, text)).toEqual([]);
  });

  it.each([['4242 4242 4242 4242'], ['DE89 3704 0044 0532 0130 00']])(
    '%s is published: LOW',
    async (text) => {
      expect((await found(personalData, text)).map((flag) => flag.split(' ')[1])).toEqual(['LOW']);
    },
  );

  it('finds every valid card, and none with one digit changed', async () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 13, maxLength: 13 });
    await fc.assert(
      fc.asyncProperty(digits, fc.nat(14), fc.integer({ min: 1, max: 9 }), async (rest, at, by) => {
        const card = withLuhn(`47${rest}`);
        const wrong = [...card];
        wrong[at + 1] = String((Number(wrong[at + 1]) + by) % 10);
        expect(checks.luhn(card)).toBe(true);
        expect(checks.luhn(wrong.join(''))).toBe(false);
        expect((await found(personalData, `card ${card}!`))[0]).toMatch(/card/);
      }),
    );
  });

  it('accepts every valid IBAN, and none with one digit changed', () => {
    const account = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 18, maxLength: 18 });
    fc.assert(
      fc.property(account, fc.nat(17), fc.integer({ min: 1, max: 9 }), (number, at, by) => {
        const good = iban('DE', number);
        const wrong = [...good];
        wrong[at + 4] = String((Number(wrong[at + 4]) + by) % 10);
        expect(checks.ibanChecks(good)).toBe(true);
        expect(checks.ibanChecks(wrong.join(''))).toBe(false);
      }),
    );
  });

  it.each([
    [checks.dni, '12345678Z', '12345678A'],
    [checks.dni, 'X1234567L', 'X1234567M'],
    [checks.cpf, '52998224725', '11111111111'],
    [checks.bsn, '111222333', '111222334'],
    [checks.pesel, '44051401359', '44051401358'],
    [checks.steuerId, '86095742719', '86095742718'],
    [checks.codiceFiscale, 'RSSMRA85T10A562S', 'RSSMRA85T10A562T'],
    [checks.ssn, '536907645', '666121234'],
  ])('%o tells %s from %s', (check, good, bad) => {
    expect([check(good), check(bad)]).toEqual([true, false]);
  });
});
