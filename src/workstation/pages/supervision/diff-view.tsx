import { useMemo } from 'react';
import { plainly } from '../../parts/marks.ts';
import { supervisionTexts as words } from '../../texts.ts';
import { type DiffLine, diffFiles } from '../../parts/line-diff.ts';

/** Lines that stay, shown around those that change. */
const AROUND = 3;
const SIGNS = { same: ' ', gone: '−', new: '+' } as const;

/** Two texts, one under the other where they differ. */
export function DiffView({ before, after }: { before: string; after: string }) {
  const parts = useMemo(() => folded(diffFiles(before, after)), [before, after]);
  if (!parts.some((part) => typeof part !== 'number' && part.kind !== 'same'))
    return <p className="faint">{words.sameText}</p>;
  return (
    // Long lines scroll within it, so that it must be reachable by keyboard.
    <div className="text-diff" role="region" aria-label={words.diff} tabIndex={0}>
      <ol>
        {parts.map((part, index) =>
          typeof part === 'number' ? (
            <li key={index} className="text-diff-fold">
              {words.folded(part)}
            </li>
          ) : (
            <li key={index} className={`text-diff-${part.kind}`}>
              <span className="text-diff-number" aria-hidden="true">
                {part.after ?? part.before}
              </span>
              <span aria-hidden="true">{SIGNS[part.kind]}</span>
              {part.kind !== 'same' && (
                <span className="hidden-label">
                  {words[part.kind]} {part.after ?? part.before}
                </span>
              )}
              <code>
                <bdi>{plainly(part.text)}</bdi>
              </code>
            </li>
          ),
        )}
      </ol>
    </div>
  );
}

/** Numbers stand for so many lines that are left out. */
function folded(lines: readonly DiffLine[]): (DiffLine | number)[] {
  const near = new Set<number>();
  for (const [index, { kind }] of lines.entries())
    if (kind !== 'same') for (let at = index - AROUND; at <= index + AROUND; at += 1) near.add(at);
  const parts: (DiffLine | number)[] = [];
  for (const [index, line] of lines.entries()) {
    const last = parts.at(-1);
    if (near.has(index)) parts.push(line);
    else if (typeof last === 'number') parts[parts.length - 1] = last + 1;
    else parts.push(1);
  }
  return parts;
}
