// What agents say is nobody's word but theirs: it is cut into pieces here that are shown as text and nothing else. What
// would be invisible, or turn the order of what stands around it, becomes a mark that can be read; links are found, and
// never followed by themselves. Pure: untrusted-text.tsx draws the pieces.

export type Piece =
  | { kind: 'text'; text: string }
  /** `host` as it is looked up, so that letters of another script show (xn--…). */
  | { kind: 'link'; text: string; href: string; host: string }
  /** A character that would not be seen: its short name, as it is shown. */
  | { kind: 'mark'; name: string; code: string };

const NAMES: Readonly<Record<number, string>> = {
  0x00: 'NUL',
  0x08: 'BS',
  0x0d: 'CR',
  0x1b: 'ESC',
  0x7f: 'DEL',
  0xad: 'SHY',
  0x34f: 'CGJ',
  0x61c: 'ALM',
  0x200b: 'ZWSP',
  0x200c: 'ZWNJ',
  0x200d: 'ZWJ',
  0x200e: 'LRM',
  0x200f: 'RLM',
  0x2028: 'LSEP',
  0x2029: 'PSEP',
  0x202a: 'LRE',
  0x202b: 'RLE',
  0x202c: 'PDF',
  0x202d: 'LRO',
  0x202e: 'RLO',
  0x2060: 'WJ',
  0x2066: 'LRI',
  0x2067: 'RLI',
  0x2068: 'FSI',
  0x2069: 'PDI',
  0xfeff: 'BOM',
};

/** Invisible, or of no agreed look: controls, formats, what may be ignored, private use, blanks that are no blanks. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;
const SEEN_BLANKS = /[\n\t]/;
/** Joiners and the selector of a picture's colour stand within emoji, and are what makes them one. */
const JOINER = '\u200d';
const AS_PICTURE = '\ufe0f';
const PICTURE = /[\p{Extended_Pictographic}\p{Emoji_Modifier}]/u;
const KEYCAP = /[0-9#*]/;
/** Letters that carry more than this many marks above and below bury the lines around them. */
const MOST_COMBINING = 4;
const COMBINING = /\p{M}/u;

const LINK = /https?:\/\/[^\s<>"'`{}|\\^[\]]+/giu;
/** What ends a sentence, not an address. */
const AFTER_LINK = /[).,;:!?*_]+$/;

export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const found of text.matchAll(LINK)) {
    const link = linkOf(found[0]);
    if (link === null) continue;
    pieces.push(...marked(text.slice(from, found.index)), link);
    from = found.index + link.text.length;
  }
  pieces.push(...marked(text.slice(from)));
  return pieces;
}

/** The text alone, with each mark as its name in brackets: for titles, notifications and whatever takes no pieces. */
export const plainly = (text: string): string =>
  piecesOf(text)
    .map((piece) => (piece.kind === 'mark' ? `⟨${piece.name}⟩` : piece.text))
    .join('');

function linkOf(found: string): (Piece & { kind: 'link' }) | null {
  const seen = beforeHidden(found);
  const trimmed = seen.replace(AFTER_LINK, '');
  if (!URL.canParse(trimmed)) return null;
  const { href, host, username, password } = new URL(trimmed);
  // `https://bank.example@evil.example` is an address of evil.example, and is not made easy to press.
  if (username !== '' || password !== '') return null;
  return { kind: 'link', text: trimmed, href, host };
}

function beforeHidden(text: string): string {
  const at = text.search(HIDDEN);
  return at === -1 ? text : text.slice(0, at);
}

function marked(text: string): Piece[] {
  const pieces: Piece[] = [];
  const characters = [...text.replaceAll('\r\n', '\n')];
  let plain = '';
  let combining = 0;
  const flush = () => {
    if (plain !== '') pieces.push({ kind: 'text', text: plain });
    plain = '';
  };
  for (const [index, character] of characters.entries()) {
    combining = COMBINING.test(character) ? combining + 1 : 0;
    const tooMany = combining > MOST_COMBINING;
    const hidden = HIDDEN.test(character) && !SEEN_BLANKS.test(character);
    if (!tooMany && (!hidden || isOfEmoji(characters, index))) plain += character;
    else {
      flush();
      pieces.push(markOf(character));
    }
  }
  flush();
  return pieces;
}

function isOfEmoji(characters: readonly string[], index: number): boolean {
  const before = characters[index - 1] ?? '';
  if (characters[index] === AS_PICTURE) return PICTURE.test(before) || KEYCAP.test(before);
  if (characters[index] !== JOINER) return false;
  const base = before === AS_PICTURE ? (characters[index - 2] ?? '') : before;
  return PICTURE.test(base) && PICTURE.test(characters[index + 1] ?? '');
}

function markOf(character: string): Piece {
  const point = character.codePointAt(0) ?? 0;
  const code = `U+${point.toString(16).toUpperCase().padStart(4, '0')}`;
  return { kind: 'mark', name: NAMES[point] ?? code, code };
}
