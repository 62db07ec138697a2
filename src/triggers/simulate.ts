import { z } from 'zod';
import { resourceExhausted } from '../emergency/conditions.ts';
import { systemActor } from '../identity/viewer.ts';
import { askTerms } from '../interventions/terms.ts';
import type { Json, JsonObject } from '../kernel/json.ts';
import { plainObject } from '../kernel/json.ts';
import { reportFaults } from '../sessions/report.ts';
import type { Configuration } from '../supervision/configuration-schema.ts';
import { inForce } from '../supervision/in-force.ts';
import { firstMatch } from './match.ts';
import { questionOf } from './question.ts';
import type { ReportedEvent } from './values.ts';

// What a configuration would ask about an event, without a session, a budget or a trace.

const object = z.record(z.string(), z.json(), 'must be a mapping').nullish();
const text = z.string('must be a text');

/** ExecutionEventInput, but for the session. */
const eventSchema = z.strictObject(
  {
    agentName: text,
    type: text,
    input: text.nullish(),
    output: text.nullish(),
    metrics: object,
    context: object,
  },
  'must be a mapping',
);

/** The event of a JSON text, or every fault in it. */
export function readEvent(json: string): { event: ReportedEvent } | { faults: string[] } {
  try {
    return parseEvent(JSON.parse(json));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { faults: [`is not JSON: ${error.message}`] };
  }
}

/** The event of a value that somebody made up, or every fault in it. */
export function parseEvent(value: unknown): { event: ReportedEvent } | { faults: string[] } {
  const parsed = eventSchema.safeParse(value);
  if (!parsed.success) return { faults: parsed.error.issues.flatMap(sentences) };
  const { agentName, type, input, output, metrics, context } = parsed.data;
  const faults = reportFaults({ ...parsed.data, metrics: metrics as Json, context: context as Json });
  if (faults.length > 0) return { faults: faults.map(({ message }) => message) };
  return {
    event: {
      agentName,
      type,
      input: input ?? null,
      output: output ?? null,
      metrics: plainObject(metrics),
      context: plainObject(context),
    },
  };
}

function sentences(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => `${key} is not a known key`);
  return [`${issue.path.length === 0 ? 'the event' : issue.path.join('.')} ${issue.message}`];
}

/** The directive that a report of it would be answered with, and what would be asked. Pure. */
export function simulate(configuration: Configuration | null, event: ReportedEvent): JsonObject {
  if (resourceExhausted(event.metrics, event.agentName, systemActor) !== null) return { directive: 'HALT' };
  const force = inForce(configuration);
  const match = firstMatch(force, event);
  if (match === null) return { directive: 'CONTINUE' };
  const { type } = match.rule;
  const { timeout, autoContinue, asyncMode, terms } = askTerms(force, { type, agentName: event.agentName });
  const { automatic, after, levels } = terms.escalation;
  const question = questionOf(match, event, { left: null, levels: levels.length });
  return {
    directive: 'PAUSE',
    trigger: question.trigger,
    about: match.rule.about,
    undecided: match.undecided,
    type,
    urgency: question.urgency,
    message: question.message,
    options: question.options.map(({ disabledReason, ...option }) => ({
      ...option,
      ...(disabledReason === null ? {} : { disabledReason }),
    })),
    terms: {
      timeout,
      autoContinue,
      asyncMode,
      requireReason: terms.requireReason ?? false,
      escalation: { automatic, after, levels: levels.map((level) => ({ ...level })) },
    },
  };
}
