import { describe, expect, test } from 'vitest';
import { createIds } from '../../src/kernel/ids.ts';
import {
  readTraceparent,
  spanOfAsked,
  spanOfEvent,
  spanOfSettled,
  writeTraceparent,
} from '../../src/tracing/ids.ts';
import { testClock } from '../support/clock.ts';

const [traceId, spanId] = ['0123456789abcdef'.repeat(2), '0123456789abcdef'];
const ids = createIds(testClock());

describe("a caller's traceparent (1.11)", () => {
  test('is read as W3C Trace Context has it, and written the same', () => {
    for (const flags of ['00', '01']) {
      const header = `00-${traceId}-${spanId}-${flags}`;
      const read = readTraceparent(header);
      expect(read).toEqual({ traceId, spanId, sampled: flags === '01' });
      expect(writeTraceparent(read!)).toBe(header);
    }
    // Of a later version as much is read as is known, and of flags the one that is.
    expect(readTraceparent(`cc-${traceId}-${spanId}-09-what-comes`)).toEqual({
      traceId,
      spanId,
      sampled: true,
    });
  });

  test.each([
    undefined,
    null,
    '',
    'x',
    `00-${traceId}-${spanId}`,
    `00-${traceId}-${spanId}-01-more`,
    `ff-${traceId}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}-01, 00-${traceId}-${spanId}-01`,
  ])('that is none is ignored: %s', (header) => {
    expect(readTraceparent(header)).toBeNull();
  });
});

describe("an event's span (1.11)", () => {
  const subjectId = ids.next('approval');
  const event = (type: string, data: object = {}) => ({ id: ids.next('event'), type, subjectId, data });

  test('is known to those who go on from it, without the event', () => {
    expect(spanOfEvent(event('agent_approval_requested'))).toBe(spanOfAsked(subjectId));
    expect(spanOfEvent(event('approval_resolved', { status: 'APPROVED' }))).toBe(
      spanOfSettled(subjectId, 'APPROVED'),
    );
    expect(spanOfEvent(event('intervention_resolved'))).toBe(spanOfSettled(subjectId));
  });

  test('is one of its own, also where the same comes about twice', () => {
    const events = [
      event('agent_approval_requested'),
      event('approval_resolved', { status: 'APPROVED' }),
      event('approval_resolved', { status: 'CANCELLED' }),
      event('escalation_triggered'),
      event('escalation_triggered'),
    ];
    expect(new Set(events.map(spanOfEvent)).size).toBe(events.length);
  });
});
