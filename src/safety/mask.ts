// What a person may see of a secret or of a number that belongs to somebody: enough to know which one it is, never enough
// to use it. Of 12 characters or more the first three and the last two are shown, of fewer the first alone; of what are
// mostly digits (cards, accounts) the last four of 12 or more.

const HIDDEN = '…';

export function masked(value: string): string {
  const characters = [...value];
  const digits = characters.filter((c) => c >= '0' && c <= '9').length;
  if (characters.length < 12) return (characters.length < 4 ? '' : characters[0]!) + HIDDEN;
  if (digits * 2 > characters.length) return HIDDEN + characters.slice(-4).join('');
  return characters.slice(0, 3).join('') + HIDDEN + characters.slice(-2).join('');
}

/**
 * What is masked even where no analyzer pointed at it: the one for secrets may have failed, and evidence of another kind
 * may stand beside a secret. Wide on purpose: a masked hash harms nobody. Each has one repetition, bounded or of a class
 * that what follows is not in, so that none can be made to backtrack.
 */
const LOOKS_SECRET: readonly RegExp[] = [
  // Long runs of letters and digits mixed, as tokens, keys and hashes are.
  /(?=[A-Za-z_+/-]{0,40}\d)(?=[\d_+/-]{0,40}[A-Za-z])[A-Za-z0-9_+/-]{20,}={0,2}/g,
  // Cards and accounts, with or without groups.
  /(?<![\d.])\d(?:[ -]?\d){11,33}(?!\d)/g,
  /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b/g,
  // The password of a URL.
  /(?<=:\/\/[^\s:/@]{0,64}:)[^\s@/]{3,200}(?=@)/g,
  // What is assigned to such a name.
  /(?<=(?:passw(?:or)?d|passwort|secret|token|api[_-]?key)["']?\s{0,3}[:=]\s{0,3}["']?)[^\s"',;]{4,}/gi,
];

/** The text with every one of these values masked, and what looks like a secret too. */
export function withMasks(text: string, values: readonly string[]): string {
  let shown = text;
  // Longest first: a value may lie within another one.
  for (const value of [...new Set(values)].sort((a, b) => b.length - a.length))
    shown = shown.replaceAll(value, masked(value));
  for (const pattern of LOOKS_SECRET) shown = shown.replace(pattern, masked);
  return shown;
}

/** Characters of evidence shown, and what is shown around a place. */
const MAX_EVIDENCE = 160;

/** So much of a long text that its end can't be half a secret: cut first, it would no longer be recognised. */
export function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  const characters = [...line];
  return characters.length <= MAX_EVIDENCE ? line : characters.slice(0, MAX_EVIDENCE - 1).join('') + HIDDEN;
}
