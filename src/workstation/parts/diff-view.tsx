import { useDeferredValue, useMemo, useState } from 'react';
import { texts } from '../texts.ts';
import { type DiffBlock, type DiffRow, foldSame, sideBySide } from './line-diff.ts';
import { UntrustedText } from './untrusted-text.tsx';

/** Rows that are drawn before somebody asks for more: an input may have 25,000 lines, and all of them may have changed. */
const MOST_ROWS = 400;

/** What was proposed and what is to run, side by side; what is the same in both is folded. */
export function DiffView({ before, after }: { before: string; after: string }) {
  // Whoever types does not wait for the comparison of what they typed.
  const [left, right] = [useDeferredValue(before), useDeferredValue(after)];
  const blocks = useMemo(() => foldSame(sideBySide(left, right)), [left, right]);
  const [most, setMost] = useState(MOST_ROWS);
  const [unfolded, setUnfolded] = useState<ReadonlySet<number>>(new Set());
  const { parts, hidden } = useMemo(() => drawnOf(blocks, unfolded, most), [blocks, unfolded, most]);
  return (
    <div className="diff-scroll" tabIndex={0} role="group" aria-label={texts.diff.title}>
      <table className="diff">
        <thead>
          <tr>
            <th scope="col">{texts.diff.before}</th>
            <th scope="col">{texts.diff.after}</th>
          </tr>
        </thead>
        <tbody>
          {parts.map(({ block, folded, rows }) =>
            folded === null ? (
              // A line has no identity but its place.
              rows.map((row, index) => <Row key={`${block} ${index} ${row.kind}`} row={row} />)
            ) : (
              <tr key={`folded ${block}`} className="diff-folded">
                <td colSpan={2}>
                  <button
                    type="button"
                    className="quiet fold"
                    onClick={() => setUnfolded(new Set([...unfolded, block]))}
                  >
                    {texts.diff.same(folded)}
                  </button>
                </td>
              </tr>
            ),
          )}
        </tbody>
      </table>
      {hidden > 0 && (
        <button type="button" className="quiet fold" onClick={() => setMost(most + MOST_ROWS * 5)}>
          {texts.diff.more(hidden)}
        </button>
      )}
    </div>
  );
}

interface DrawnPart {
  block: number;
  /** How many rows are folded away here; null: none, and `rows` are drawn. */
  folded: number | null;
  rows: readonly DiffRow[];
}

/** What is drawn of the blocks, at most so many rows, and how many more there are. */
function drawnOf(blocks: readonly DiffBlock[], unfolded: ReadonlySet<number>, most: number) {
  let room = most;
  let hidden = 0;
  const parts = blocks.map(({ folded, rows }, block): DrawnPart => {
    if (folded && !unfolded.has(block)) return { block, folded: rows.length, rows: [] };
    const shown = rows.slice(0, room);
    room -= shown.length;
    hidden += rows.length - shown.length;
    return { block, folded: null, rows: shown };
  });
  return { parts, hidden };
}

function Row({ row: { kind, left, right } }: { row: DiffRow }) {
  return (
    <tr className={`diff-${kind}`}>
      <td>
        {left !== null && (
          <>
            {kind !== 'same' && <span className="hidden-label">{texts.diff.removed} </span>}
            <UntrustedText text={left === '' ? ' ' : left} inline />
          </>
        )}
      </td>
      <td>
        {right !== null && (
          <>
            {kind !== 'same' && <span className="hidden-label">{texts.diff.added} </span>}
            <UntrustedText text={right === '' ? ' ' : right} inline />
          </>
        )}
      </td>
    </tr>
  );
}
