// How much of a long text is shown before somebody asks for the rest, by the height that it would take. Pure.

export interface Bound {
  /** Lines as they are drawn. */
  lines: number;
  /** About so many letters are drawn as one line. */
  line: number;
  letters: number;
}

/** Of what a panel is about, as wide as a panel beside the list is: what is to be decided stays in sight beneath it. */
export const BRIEF: Bound = { lines: 12, line: 64, letters: 1_200 };
/** Of everything else, where what consent is to stands too: by its own lines alone. */
export const LONG: Bound = { lines: 24, line: Number.POSITIVE_INFINITY, letters: 4_000 };

/** Of a line among others: letters alone. Each that would not be seen is an element of its own, and 80,000 stop a page. */
export const LINE: Bound = {
  lines: Number.POSITIVE_INFINITY,
  line: Number.POSITIVE_INFINITY,
  letters: 4_000,
};

/** The beginning that fits; null: all of it does. */
export function beginningOf(text: string, { lines, line: width, letters }: Bound): string | null {
  let height = 0;
  let end = 0;
  for (const line of text.split('\n')) {
    const left = lines - height;
    height += Math.max(1, Math.ceil(line.length / width));
    if (height > lines || end + line.length > letters) {
      const cut = Math.min(end + (left <= 0 ? 0 : Math.min(line.length, left * width)), letters);
      // Half a character is none, and a line's end shows nothing.
      return text
        .slice(0, cut)
        .replace(/[\uD800-\uDBFF]$/, '')
        .replace(/\n$/, '');
    }
    end += line.length + 1;
  }
  return null;
}
