import { GraphQLError, Kind, type ValueNode } from 'graphql';
import type { Json } from '../kernel/json.ts';
import { builder } from './builder.ts';

const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt]([01]\d|2[0-3]):[0-5]\d:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;
/** In milliseconds: the years that four digits can tell. PostgreSQL knows no year 0. */
const EARLIEST = Date.parse('0001-01-01T00:00:00Z');
const LATEST = Date.parse('9999-12-31T23:59:59.999Z');

function parseDateTime(value: unknown): Date {
  const match = typeof value === 'string' ? RFC_3339.exec(value) : null;
  const date = match === null ? null : new Date(match[0]);
  if (date === null || !(date.getTime() >= EARLIEST && date.getTime() <= LATEST) || !isDay(match!)) {
    throw new GraphQLError('DateTime must be an RFC 3339 instant, such as 2026-01-31T09:30:00Z');
  }
  return date;
}

/** The platform would read 30 February as 2 March. */
function isDay([, year, month, day]: RegExpExecArray): boolean {
  // 400 years later the calendar is the same, and the year has more than two digits.
  const lastOfMonth = new Date(Date.UTC(Number(year) + 400, Number(month), 0)).getUTCDate();
  return Number(day) <= lastOfMonth;
}

builder.scalarType('DateTime', {
  description: 'An instant: RFC 3339 in, and in UTC out ("2026-01-31T09:30:00.000Z").',
  serialize: (value) => value.toISOString(),
  parseValue: parseDateTime,
});

builder.scalarType('JSON', {
  description: 'Any JSON value: at most 256 kB and 64 levels where it is an input.',
  serialize: (value) => value,
  parseValue: (value) => value as Json,
  parseLiteral: (node, variables) => literal(node, variables ?? {}) as Json,
});

/** Keys as data: a literal's "__proto__" is an ordinary key. */
function literal(node: ValueNode, variables: Record<string, unknown>): unknown {
  switch (node.kind) {
    case Kind.VARIABLE:
      return variables[node.name.value] ?? null;
    case Kind.NULL:
      return null;
    case Kind.INT:
    case Kind.FLOAT:
      return Number(node.value);
    case Kind.LIST:
      return node.values.map((item) => literal(item, variables));
    case Kind.OBJECT:
      return Object.fromEntries(
        node.fields.map(({ name, value }) => [name.value, literal(value, variables)]),
      );
    default:
      return node.value;
  }
}

builder.scalarType('EventCursor', {
  description: 'An opaque position in the event log; a later event has a later cursor.',
  serialize: (value) => value,
  parseValue: (value) => {
    if (typeof value !== 'string') throw new GraphQLError('EventCursor must be a string');
    return value;
  },
});

builder.scalarType('Decimal', {
  description:
    'An exact decimal. Comes out as text with four places ("100.0000"); goes in as text or a number, with at most four places.',
  serialize: (value) => value,
  parseValue: (value) => {
    if (typeof value === 'number') return String(value);
    if (typeof value !== 'string') throw new GraphQLError('Decimal must be a text or a number');
    return value;
  },
  // As it is written: a number of the platform would round what has many digits.
  parseLiteral: (node) => {
    if (node.kind === Kind.STRING || node.kind === Kind.INT || node.kind === Kind.FLOAT) return node.value;
    throw new GraphQLError('Decimal must be a text or a number');
  },
});
