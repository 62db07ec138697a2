import { useId } from 'react';
import { texts } from '../texts.ts';

export const prettyJson = (value: unknown): string => JSON.stringify(value, null, 2) ?? '';

/** With names in one order: an object's are in none, and two that are the same are to read the same. */
export const orderedJson = (value: unknown): string =>
  prettyJson(
    JSON.parse(JSON.stringify(value ?? null), (_name, inner: unknown) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ),
  );

export type Parsed = { ok: true; value: unknown } | { ok: false; fault: string };

export function parseJson(text: string): Parsed {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    return { ok: false, fault: error instanceof Error ? error.message : String(error) };
  }
}

/** JSON as text, with what is wrong with it. */
export function JsonEditor({
  label,
  text,
  onChange,
}: {
  label: string;
  text: string;
  onChange: (text: string) => void;
}) {
  const id = useId();
  // What is still to be written is not written wrongly.
  const parsed = text.trim() === '' ? ({ ok: true } as const) : parseJson(text);
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <textarea
        id={id}
        className="code"
        rows={Math.min(20, Math.max(4, text.split('\n').length + 1))}
        spellCheck={false}
        value={text}
        aria-invalid={!parsed.ok}
        aria-describedby={`${id}-fault`}
        onChange={({ target }) => onChange(target.value)}
      />
      <p id={`${id}-fault`} className="fault" role="status">
        {parsed.ok ? '' : texts.json.fault(parsed.fault)}
      </p>
    </div>
  );
}
