import type { Analyzer, Finding, Subject, SubjectKind } from '../../src/safety/analyzer.ts';
import type { Json } from '../../src/kernel/json.ts';
import type { AgentType } from '../../src/generated/prisma/enums.ts';
import { toSubject } from '../../src/safety/subject.ts';

export const answer = (
  value: unknown,
  more: { kind?: SubjectKind; agentType?: AgentType; instructions?: string | null } = {},
): Subject =>
  toSubject({
    kind: 'RESPONSE',
    agentType: 'CODER',
    instructions: null,
    ...more,
    value: value as Json,
  });

export const findingsOf = (
  analyzer: Analyzer,
  value: unknown,
  more: Parameters<typeof answer>[1] = {},
): Promise<readonly Finding[]> => analyzer.analyze(answer(value, more), new AbortController().signal);

/** `CODE LEVEL` of each finding, without doubles, in order. */
export const found = async (...args: Parameters<typeof findingsOf>): Promise<string[]> => [
  ...new Set((await findingsOf(...args)).map(({ code, level }) => `${code} ${level}`)),
];
