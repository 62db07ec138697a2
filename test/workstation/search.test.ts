import { expect, test } from 'vitest';
import { flagIn, listIn, oneIn, parseSearch, textIn, writeSearch } from '../../src/workstation/search.ts';

test('what a page keeps in its address comes back as it was', () => {
  const search = {
    type: ['DECISION', 'APPROVAL'],
    mine: true,
    search: 'a b&c',
    empty: undefined,
    off: false,
  };
  const written = writeSearch(search);
  expect(written).toBe('?type=DECISION,APPROVAL&mine=yes&search=a+b%26c');
  const read = parseSearch(written);
  expect(listIn(read.type, ['APPROVAL', 'DECISION', 'ESCALATION'])).toEqual(['APPROVAL', 'DECISION']);
  expect(flagIn(read.mine)).toBe(true);
  expect(textIn(read.search)).toBe('a b&c');
});

test('what an address names that is not known is not there', () => {
  expect(listIn('NOTHING,__proto__', ['DECISION'])).toBeUndefined();
  expect(oneIn('x', ['type', 'team'])).toBeUndefined();
  expect(flagIn('no')).toBeUndefined();
  expect(textIn('')).toBeUndefined();
});
