// Numbers and lists as people write them, for what was asked and for what came.

const NUMBERS: Readonly<Record<string, number>> = {
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  twelve: 12,
  zwei: 2,
  drei: 3,
  vier: 4,
  fünf: 5,
  sechs: 6,
  sieben: 7,
  acht: 8,
  neun: 9,
  zehn: 10,
};
const THINGS =
  'points?|items?|ideas?|examples?|reasons?|steps?|options?|suggestions?|bullet points|sentences|paragraphs|tips|questions|alternatives|names|titles|slogans|variants|punkten?|beispiele|gründe|schritten?|vorschläge|ideen';
const COUNT = new RegExp(
  `(?<![\\w.,])(?<number>\\d{1,2}|${Object.keys(NUMBERS).join('|')}) (?:\\p{L}+ ){0,2}?(?<things>${THINGS})(?!\\p{L})`,
  'iu',
);

/** "three points" → 3; null where no number of things is named. */
export function namedCount(text: string): { count: number; things: string } | null {
  const groups = COUNT.exec(text.slice(0, 5000))?.groups;
  if (!groups) return null;
  const count = NUMBERS[groups.number!.toLowerCase()] ?? Number(groups.number);
  return count >= 2 ? { count, things: groups.things!.toLowerCase() } : null;
}

const ITEM = /^\s{0,3}(?:[-*•+]|\d{1,2}[.)])\s+\S/;

/** Items of the first list in the text, 0 where there is none. */
export function listedCount(text: string): number {
  let count = 0;
  let gaps = 0;
  for (const line of text.split('\n')) {
    if (ITEM.test(line)) {
      count += 1;
      gaps = 0;
    } else if (count > 0 && line.trim() !== '' && !/^\s/.test(line)) break;
    else if (count > 0 && line.trim() === '' && ++gaps > 1) break;
  }
  return count;
}
