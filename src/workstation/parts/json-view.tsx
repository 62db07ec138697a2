import { useState } from 'react';
import { texts } from '../texts.ts';
import type { Evidence } from './evidence.ts';
import { UntrustedText } from './untrusted-text.tsx';

const DEEPEST = 6;
const FIRST = 40;

/** A JSON value as people read it: names and values, not braces. All of it is somebody else's text. */
export function JsonView({
  value,
  evidence,
  depth = 0,
}: {
  value: unknown;
  evidence?: readonly Evidence[];
  depth?: number;
}) {
  if (typeof value === 'string')
    return value === '' ? (
      <span className="faint">“”</span>
    ) : (
      <UntrustedText text={value} evidence={evidence} />
    );
  if (value === null || typeof value !== 'object') return <code>{String(value)}</code>;
  const entries = Object.entries(value);
  if (entries.length === 0) return <span className="faint">{texts.none}</span>;
  if (depth >= DEEPEST) return <UntrustedText text={JSON.stringify(value, null, 2)} evidence={evidence} />;
  return <Entries entries={entries} list={Array.isArray(value)} evidence={evidence} depth={depth} />;
}

function Entries({
  entries,
  list,
  evidence,
  depth,
}: {
  entries: [string, unknown][];
  list: boolean;
  evidence?: readonly Evidence[] | undefined;
  depth: number;
}) {
  const [all, setAll] = useState(false);
  const shown = all ? entries : entries.slice(0, FIRST);
  return (
    <>
      <dl className="facts json">
        {shown.map(([name, value]) => (
          <div key={name}>
            <dt>{list ? Number(name) + 1 : <UntrustedText text={name} inline />}</dt>
            <dd>
              <JsonView value={value} evidence={evidence} depth={depth + 1} />
            </dd>
          </div>
        ))}
      </dl>
      {shown.length < entries.length && (
        <button type="button" className="quiet fold" onClick={() => setAll(true)}>
          {texts.json.more(entries.length)}
        </button>
      )}
    </>
  );
}
