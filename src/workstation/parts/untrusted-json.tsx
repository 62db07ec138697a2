import { useState } from 'react';
import { partTexts } from '../texts.ts';
import { UntrustedText } from './untrusted-text.tsx';
import './untrusted-json.css';

/** Entries of one level that are drawn at once: a value has up to 256 kB. */
const SHOWN = 50;

/**
 * A JSON value that an agent, or anybody outside, wrote: its keys and texts are untrusted like any other text of theirs.
 * What is folded is not drawn at all.
 */
export function UntrustedJson({
  label,
  value,
  open = false,
}: {
  label: string;
  value: unknown;
  open?: boolean;
}) {
  if (!isNested(value)) {
    return (
      <p className="json-plain">
        <span className="faint">{label}: </span>
        <Plain value={value} />
      </p>
    );
  }
  return <Fold label={label} value={value} open={open} own />;
}

const isNested = (value: unknown): value is object => typeof value === 'object' && value !== null;

const sizeOf = (value: object): string =>
  Array.isArray(value)
    ? partTexts.json.items(value.length)
    : partTexts.json.entries(Object.keys(value).length);

/** `own`: the label is the page's own word. */
function Fold({
  label,
  value,
  open: opened,
  own = false,
}: {
  label: string;
  value: object;
  open: boolean;
  own?: boolean;
}) {
  const [open, setOpen] = useState(opened);
  return (
    <details
      className="json-fold"
      open={open}
      onToggle={({ currentTarget }) => {
        setOpen(currentTarget.open);
      }}
    >
      <summary>
        {own ? label : <UntrustedText text={label} inline />} <span className="faint">{sizeOf(value)}</span>
      </summary>
      {open && <Entries value={value} />}
    </details>
  );
}

function Entries({ value }: { value: object }) {
  const [shown, setShown] = useState(SHOWN);
  const entries = Object.entries(value);
  if (entries.length === 0)
    return (
      <p className="faint">
        {Array.isArray(value) ? partTexts.json.empty.list : partTexts.json.empty.object}
      </p>
    );
  return (
    <>
      <ul className="json-entries">
        {entries.slice(0, shown).map(([key, entry]) => (
          <li key={key}>
            {isNested(entry) ? (
              <Fold label={key} value={entry} open={false} />
            ) : (
              <>
                <span className="json-key">
                  <UntrustedText text={key} inline />
                </span>{' '}
                <Plain value={entry} />
              </>
            )}
          </li>
        ))}
      </ul>
      {entries.length > shown && (
        <button type="button" className="quiet fold" onClick={() => setShown(shown + SHOWN)}>
          {partTexts.json.more(Math.min(SHOWN, entries.length - shown))}
        </button>
      )}
    </>
  );
}

function Plain({ value }: { value: unknown }) {
  if (typeof value !== 'string') return <code>{JSON.stringify(value)}</code>;
  if (value === '') return <span className="faint">{partTexts.json.empty.text}</span>;
  return <UntrustedText text={value} inline={!value.includes('\n') && value.length < 200} />;
}
