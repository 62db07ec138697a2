import type { Finding, FlagCategory, Place, RiskLevel, Text } from '../analyzer.ts';

/** Every match of a global pattern, as a place in the text: of the group named `value`, where it has one. */
export function* matches(
  pattern: RegExp,
  { text }: Text,
): Generator<{ match: RegExpExecArray; at: number; value: string }> {
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    if (match[0] === '') pattern.lastIndex += 1;
    const value = match.groups?.value ?? match[0];
    yield { match, value, at: match.index + Math.max(0, match[0].lastIndexOf(value)) };
  }
}

export const placeIn = ({ path, isKey }: Text, start: number, end: number): Place => ({
  path,
  start,
  end,
  isKey,
});

export const finding = (
  category: FlagCategory,
  level: RiskLevel,
  code: string,
  message: string,
  where?: Place,
): Finding => ({ category, level, code, message, ...(where && { where }) });
