import { useMemo } from 'react';
import { texts } from '../texts.ts';
import { sideBySide } from './line-diff.ts';
import { UntrustedText } from './untrusted-text.tsx';

/** What was proposed and what is to run, side by side. */
export function DiffView({ before, after }: { before: string; after: string }) {
  const rows = useMemo(() => sideBySide(before, after), [before, after]);
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
          {rows.map(({ kind, left, right }, index) => (
            // A line has no identity but its place.
            <tr key={`${index} ${kind}`} className={`diff-${kind}`}>
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
          ))}
        </tbody>
      </table>
    </div>
  );
}
