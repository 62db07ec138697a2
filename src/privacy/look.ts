import { withoutTokens } from './tokens.ts';

// The look that every text pays: may it hold a secret, or data of a person, at all? Wide on purpose, and cheap; whatever
// it lets pass is never analysed. Held against every labelled sample in test/privacy/look.test.ts. What the house itself
// writes (ids, instants, hashes) is none.

const OURS =
  /\b[a-z]{3,12}_[0-7][0-9a-hjkmnp-tv-z]{25}\b|\b[0-9a-f]{64}\b|\d{4}-\d\d-\d\dT\d\d:\d\d[\d:.]*Z/g;

/** Where what the house itself writes stands in a text. */
export const ours = (text: string): { start: number; end: number }[] =>
  [...text.matchAll(OURS)].map(({ index, 0: written }) => ({ start: index, end: index + written.length }));

const MAYBE = new RegExp(
  [
    // Mailboxes, and passwords in addresses.
    '@',
    '%40',
    // Numbers of telephones, cards, accounts and people, with or without groups.
    String.raw`\d(?:[ ().\/-]{0,3}[0-9A-Z]){7}`,
    // Addresses of machines.
    String.raw`\d{1,3}\.\d{1,3}\.\d{1,3}\.\d`,
    String.raw`[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{0,4}:`,
    // Tokens, keys and what else is long and mixed.
    String.raw`(?=[\w+\/=.-]{0,63}\d)[\w+\/=.-]{16}`,
    '-----BEGIN',
    // What stands behind a word for secrets.
    '[Pp](?:[Aa][Ss][Ss][Ww]|[Ww][Dd]|[Aa][Ss][Ss][Pp]|[Ii][Nn]\\b)',
    '[Ss][Ee][Cc][Rr][Ee][Tt]',
    '[Tt][Oo][Kk][Ee][Nn]',
    '[Kk][Ee][Yy]',
    '[Cc][Rr][Ee][Dd][Ee][Nn][Tt]',
    '[Bb][Ee][Aa][Rr][Ee][Rr]',
    'Basic ',
    'xox',
    'hooks\\.slack',
    String.raw`[A-Z0-9]{16}`,
    String.raw`hf_[A-Za-z]{34}`,
    String.raw`[A-Z]{6}\d`,
  ].join('|'),
);

const NAMED = /pass|pwd|secret|token|key|credential/i;

/** Shorter ones hold nothing that the analyzers know. */
const SHORTEST = 7;

/** `name`: the member that the text stands under. */
export function maySensitive(text: string, name = ''): boolean {
  if (text.length < SHORTEST) return false;
  if (!MAYBE.test(text)) return name !== '' && NAMED.test(name);
  const rest = withoutTokens(text).replace(OURS, '');
  return rest.length === text.length || MAYBE.test(rest) || (name !== '' && NAMED.test(name));
}
