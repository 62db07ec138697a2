// Events as files. Pure.
import type { WrittenEventFragment as WrittenEvent } from '../../generated/graphql.ts';

export const formats = ['jsonl', 'csv'] as const;
export type Format = (typeof formats)[number];

export const mediaTypes: Record<Format, string> = {
  jsonl: 'application/x-ndjson',
  csv: 'text/csv;charset=utf-8',
};

const columns: [name: string, value: (event: WrittenEvent) => string | null][] = [
  ['cursor', ({ cursor }) => String(cursor)],
  ['id', ({ id }) => id],
  ['type', ({ type }) => type],
  ['occurredAt', ({ occurredAt }) => occurredAt],
  ['projectId', ({ projectId }) => projectId ?? null],
  ['teamId', ({ teamId }) => teamId ?? null],
  ['sessionId', ({ sessionId }) => sessionId ?? null],
  ['subjectId', ({ subjectId }) => subjectId],
  ['actorKind', ({ actor }) => actor.kind],
  ['actorId', ({ actor }) => actor.id],
  ['actorName', ({ actor }) => actor.name],
  ['actorRole', ({ actor }) => actor.role ?? null],
  ['data', ({ data }) => JSON.stringify(data)],
  ['previousHash', ({ previousHash }) => previousHash ?? null],
  ['hash', ({ hash }) => hash],
];

/** What stands before the first event. */
export const headOf = (format: Format): string =>
  format === 'csv' ? `${columns.map(([name]) => name).join(',')}\r\n` : '';

export function lineOf(format: Format, event: WrittenEvent): string {
  if (format === 'csv') return `${columns.map(([, value]) => cell(value(event) ?? '')).join(',')}\r\n`;
  const { actor, ...rest } = event;
  return `${JSON.stringify({ ...rest, actor })}\n`;
}

/** What a spreadsheet would take for the beginning of a formula, also behind blanks and in full width. */
const FORMULA = /^[\s\p{Cc}]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/u;

/** RFC 4180, quoted also where another spreadsheet would part it, and no formula: names and texts of agents stand in these cells. */
export function cell(text: string): string {
  const defused = FORMULA.test(text) ? `'${text}` : text;
  return /[",;\r\n]|^\s|\s$/.test(defused) ? `"${defused.replaceAll('"', '""')}"` : defused;
}
