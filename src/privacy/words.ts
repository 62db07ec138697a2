import type { Aggregate, Change } from '../sessions/aggregate.ts';

// Where the words of agents and people stand in what a change writes. What is not named here is the house's own: ids,
// names, numbers, states.

/** What a configured path may begin with (behaviour 8.8). */
export const roots = ['context', 'input', 'output', 'metadata'] as const;
export type Root = (typeof roots)[number];

/**
 * A value of words; by which root configured paths reach it, or null. "word": one that the house itself goes by, such as an
 * option's value: only what is found in it is taken out, never what happens to stand elsewhere as well.
 */
export type Leaf = Root | 'word' | null;
interface Fields {
  readonly [field: string]: Leaf | Fields | readonly [Fields];
}

const option: Fields = {
  label: null,
  description: null,
  value: 'word',
  metadata: 'metadata',
  disabledReason: null,
};
const session: Fields = {
  initialMessage: null,
  context: 'context',
  result: 'output',
  failureReason: null,
  runnerState: null,
};
const intervention: Fields = {
  message: null,
  context: 'context',
  options: [option],
  escalations: [{ reason: null }],
  response: {
    content: null,
    customInput: null,
    reasoning: null,
    modifications: null,
    answer: null,
    metadata: 'metadata',
    selectedOption: option,
  },
};
const approval: Fields = {
  summary: null,
  proposal: {
    proposedAction: null,
    inputData: 'input',
    contextSummary: null,
    response: 'output',
    nextSteps: null,
  },
  approvedInput: 'input',
  rejectionReason: null,
  modifications: null,
};
const turn: Fields = { input: 'input', response: 'output' };
const task: Fields = { instructions: null, result: 'output' };
const vote: Fields = { reason: null };
const reported: Fields = {
  data: { context: 'context', input: 'input', output: 'output', metrics: null, type: null },
};
const event: Fields = { data: null };

export type MapLeaf = (value: unknown, leaf: Leaf) => unknown;

type Row = object;

/** Puts what `map` makes of them in the place of all words of a change that were not stored before. */
export function mapWords(change: Change, before: Aggregate | null, map: MapLeaf): void {
  const known = (rows: readonly { id: string }[] | undefined) => (row: { id: string }) =>
    rows?.find(({ id }) => id === row.id);
  const all = <R extends Row>(
    rows: R[] | undefined,
    fields: Fields | ((row: R) => Fields),
    old?: (row: R) => Row | undefined,
  ) => rows?.map((row) => mapped(row, old?.(row), typeof fields === 'function' ? fields(row) : fields, map));
  change.session = mapped(change.session, before?.session, session, map);
  change.asked = all(change.asked, intervention) as Change['asked'];
  change.updated = all(change.updated, intervention, known(before?.interventions)) as Change['updated'];
  change.turns = all(change.turns, turn) as Change['turns'];
  change.tasks = all(change.tasks, task, known(before?.tasks)) as Change['tasks'];
  change.approvalsAsked = all(change.approvalsAsked, approval) as Change['approvalsAsked'];
  change.approvalsUpdated = all(
    change.approvalsUpdated,
    approval,
    known(before?.approvals),
  ) as Change['approvalsUpdated'];
  change.votes = all(change.votes, vote) as Change['votes'];
  change.events = all(change.events, ({ type }) => (type === 'execution_reported' ? reported : event))!;
}

/** The row, or a copy where something of it became another. What is the very value of the old one was looked at then. */
function mapped<R extends Row>(row: R, old: Row | undefined, fields: Fields, map: MapLeaf): R {
  let result: object = row;
  for (const field in fields) {
    const value = (row as Record<string, unknown>)[field];
    if (
      value === null ||
      value === undefined ||
      value === (old as Record<string, unknown> | undefined)?.[field]
    )
      continue;
    const next = mapField(value, fields[field]!, map);
    if (next === value) continue;
    if (result === row) result = { ...row };
    (result as Record<string, unknown>)[field] = next;
  }
  return result as R;
}

function mapField(value: unknown, field: Fields[string], map: MapLeaf): unknown {
  if (field === null || typeof field === 'string') return map(value, field);
  if (value === null || typeof value !== 'object') return value;
  if (!isList(field)) return mapped(value, undefined, field, map);
  const rows = value as Row[];
  const next = rows.map((row) => mapped(row, undefined, field[0], map));
  return next.some((row, at) => row !== rows[at]) ? next : value;
}

const isList = (field: Fields | readonly [Fields]): field is readonly [Fields] => Array.isArray(field);
