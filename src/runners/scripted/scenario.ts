import { parseDocument } from 'yaml';
import { z } from 'zod';
import { optionCategories } from '../../interventions/option.ts';
import { MAX_SECONDS } from '../../kernel/bounds.ts';
import type { JsonObject } from '../../kernel/json.ts';

// What a scenario may say. One step is an object with one word that says what it does:
//
//   steps:
//     - say: { agent: writer, input: "Draft the note", response: "Here it is" }
//     - report: { agent: writer, type: milestone_reached, metrics: { confidence_score: 0.9 } }
//     - task: { id: deploy, agent: ops, type: DEPLOYER, instructions: "Deploy it" }
//     - ask:
//         id: go
//         agent: ops
//         type: APPROVAL
//         message: "May I deploy {{context.version}}?"
//         options: [{ id: now, label: Now }, { id: later, label: Later }]
//         when:
//           - option: now
//             steps: [{ finish: { task: deploy } }]
//           - is: rejected
//             steps: [{ fail: "{{go.content}}" }]
//           - default: true
//             steps: [{ wait: 60 }]
//     - call:
//         id: deployment
//         agent: ops
//         action: "Deploy {{context.version}} to production"
//         input: { version: "{{context.version}}" }
//         cost: "0.40"
//         result: { response: { deployed: "{{deployment.input.version}}" }, tokens: 900, cost: "0.31" }
//         when: [{ is: rejected, steps: [{ fail: "not allowed" }] }, { default: true, steps: [] }]
//     - parallel: [[…steps], […steps]]
//     - complete: { result: { decided: "{{go.option.id}}" } }
//
// An `ask` waits for its answer, unless it is `async`: then the steps after it go on, and the session is completed when
// its answer has come as well. Without `when`, any answer will do; with it, one that no branch names fails the session.
//
// A `call` goes through the gate: it is run once it is approved, which here means that it answers with `result`, or fails
// with `throws`; `revised` is what it answers once people want the answer changed. Without `when`, anything but an answer
// that was approved fails the session.

/** How a call may end. */
export const callOutcomes = [
  'done',
  'rejected',
  'expired',
  'cancelled',
  'over_budget',
  'interrupted',
] as const;
export type CallEnd = (typeof callOutcomes)[number];

/** How an ask may end. */
export const outcomes = [
  'approved',
  'rejected',
  'modified',
  'option_selected',
  'responded',
  'auto_continued',
  'cancelled',
  'given_up',
] as const;
export type Outcome = (typeof outcomes)[number];

const text = z.string().min(1);
const name = text.max(200);
const json = z.record(z.string(), z.json()).transform((value) => value as JsonObject);
/** Names that templates and tasks go by. */
const label = z.string().regex(/^[a-zA-Z][\w-]{0,62}$/, 'must be a name of letters, digits, - and _');

const option = z
  .strictObject({
    id: name,
    label: text,
    description: z.string().default(''),
    value: z.string().optional(),
    category: z.enum(optionCategories).optional(),
    metadata: json.optional(),
    recommended: z.boolean().optional(),
    disabled: z.boolean().optional(),
  })
  .transform((given) => ({ ...given, value: given.value ?? given.id }));

const agentTypes = ['ORCHESTRATOR', 'ANALYST', 'ARCHITECT', 'CODER', 'TESTER', 'DEPLOYER', 'CUSTOM'] as const;
const types = [
  'DECISION',
  'FOLLOW_UP',
  'APPROVAL',
  'ESCALATION',
  'QUALITY_REVIEW',
  'ERROR_RESOLUTION',
  'RISK_ASSESSMENT',
  'COMPLIANCE_CHECK',
] as const;

const branch = z.union(
  [
    z.strictObject({
      is: z.enum(outcomes),
      get steps() {
        return steps;
      },
    }),
    z.strictObject({
      option: name,
      get steps() {
        return steps;
      },
    }),
    z.strictObject({
      default: z.literal(true),
      get steps() {
        return steps;
      },
    }),
  ],
  'must say is: (how it ended), option: (an id) or default: true, and its steps',
);

const ask = z.strictObject({
  id: label,
  agent: name,
  type: z.enum(types).default('DECISION'),
  message: text,
  urgency: z.enum(['LOW', 'NORMAL', 'HIGH', 'CRITICAL']).optional(),
  context: json.optional(),
  options: z.array(option).max(50).optional(),
  schema: json.optional(),
  timeout: z.int().min(1).max(MAX_SECONDS).optional(),
  autoContinue: z.boolean().optional(),
  async: z.boolean().default(false),
  get when() {
    return z.array(branch).optional();
  },
});

const decimal = z
  .string()
  .regex(/^\d{1,12}(\.\d{1,4})?$/, 'must be a decimal with at most four places, as text');

const result = z.strictObject({
  response: z.json(),
  summary: z.string().optional(),
  nextSteps: z.array(text).optional(),
  tokens: z.int().min(0).default(0),
  cost: decimal.default('0'),
  confidence: z.number().min(0).max(1).optional(),
});

const callBranch = z.union(
  [
    z.strictObject({
      is: z.enum(callOutcomes),
      get steps() {
        return steps;
      },
    }),
    z.strictObject({
      default: z.literal(true),
      get steps() {
        return steps;
      },
    }),
  ],
  'must say is: (how it ended) or default: true, and its steps',
);

const call = z
  .strictObject({
    id: label,
    agent: name,
    type: z.enum(agentTypes).default('CUSTOM'),
    task: label.optional(),
    action: text,
    input: z.json().default({}),
    schema: json.optional(),
    tokens: z.int().min(0).default(0),
    cost: decimal.default('0'),
    /** Minutes. */
    timeout: z.int().min(1).optional(),
    result: result.optional(),
    throws: text.optional(),
    revised: result.optional(),
    get when() {
      return z.array(callBranch).optional();
    },
  })
  .refine((given) => (given.result === undefined) !== (given.throws === undefined), 'needs result or throws');

const actions = {
  say: z.strictObject({ agent: name, input: z.string().default(''), response: z.string() }),
  report: z.strictObject({
    agent: name,
    type: name,
    input: z.string().optional(),
    output: z.string().optional(),
    metrics: json.optional(),
    context: json.optional(),
  }),
  task: z.strictObject({
    id: label,
    agent: name,
    type: z.enum(agentTypes).default('CUSTOM'),
    instructions: text,
  }),
  finish: z.strictObject({
    task: label,
    status: z.enum(['COMPLETED', 'FAILED']).default('COMPLETED'),
    result: z.json().optional(),
  }),
  wait: z.number().min(0).max(MAX_SECONDS),
  /** The runner itself fails: in the first `times` attempts of the turn, or always. */
  throw: z.strictObject({ message: text, times: z.int().min(1).optional() }),
  fail: text,
  complete: z.strictObject({ result: z.json().optional() }),
};

export type Step =
  | { ask: Ask }
  | { call: Call }
  | { parallel: Step[][] }
  | { [Word in keyof typeof actions]: { [W in Word]: z.output<(typeof actions)[W]> } }[keyof typeof actions];

export type Branch =
  | { is: Outcome; steps: Step[] }
  | { option: string; steps: Step[] }
  | { default: true; steps: Step[] };
export type CallBranch = { is: CallEnd; steps: Step[] } | { default: true; steps: Step[] };
export type Call = Omit<z.output<typeof call>, 'when'> & { when?: CallBranch[] };
export type Ask = Omit<z.output<typeof ask>, 'when'> & { when?: Branch[] };

const words = ['ask', 'call', 'parallel', ...Object.keys(actions)] as const;

/** The word of a step picks its schema, so that a fault is told of what was meant and not of every kind of step. */
const step: z.ZodType<Step> = z
  .record(z.string(), z.unknown(), 'must be an object with one word')
  .transform((given, context) => {
    const [word, ...more] = Object.keys(given);
    if (word === undefined || more.length > 0 || !words.includes(word)) {
      context.addIssue({ code: 'custom', message: `must have exactly one of ${words.join(', ')}` });
      return z.NEVER;
    }
    const schema =
      word === 'ask'
        ? ask
        : word === 'call'
          ? call
          : word === 'parallel'
            ? z.array(steps).min(1)
            : actions[word as keyof typeof actions];
    const parsed = schema.safeParse(given[word]);
    if (parsed.success) return { [word]: parsed.data } as Step;
    for (const issue of parsed.error.issues) {
      context.addIssue({ code: 'custom', message: issue.message, path: [word, ...issue.path] });
    }
    return z.NEVER;
  }) as never;

const steps: z.ZodType<Step[]> = z.array(z.lazy(() => step));

const scenario = z.strictObject({ steps: z.array(step).min(1) });

export interface Scenario {
  steps: Step[];
}

/** Reads `context.scenario`: YAML (JSON is YAML too) as a text, or the same as JSON. Every fault, each with its path. */
export function readScenario(given: unknown): { scenario: Scenario } | { faults: string[] } {
  if (given === undefined) return { faults: ['context.scenario is missing'] };
  let value = given;
  if (typeof given === 'string') {
    const document = parseDocument(given, { version: '1.2' });
    if (document.errors.length > 0)
      return { faults: document.errors.map(({ message }) => `context.scenario: ${message.split('\n')[0]}`) };
    // Aliases multiply: a few lines could unfold into gigabytes.
    try {
      value = document.toJS({ maxAliasCount: 0 });
    } catch {
      return { faults: ['context.scenario: aliases are not allowed'] };
    }
  }
  const parsed = scenario.safeParse(value);
  if (!parsed.success) {
    return {
      faults: parsed.error.issues.map(
        ({ path, message }) => `${['context', 'scenario', ...path].join('.')} ${message}`,
      ),
    };
  }
  const faults = namesUsed(parsed.data.steps);
  return faults.length > 0 ? { faults } : { scenario: parsed.data };
}

/** Names given twice, and tasks spoken of that nobody makes. */
function namesUsed(all: Step[]): string[] {
  const faults: string[] = [];
  const asks = new Set<string>();
  const tasks = new Set<string>();
  const spokenOf = new Set<string>();
  const visit = (list: Step[]): void => {
    for (const each of list) {
      if ('parallel' in each) each.parallel.forEach(visit);
      if ('finish' in each) spokenOf.add(each.finish.task);
      if ('task' in each) add(tasks, each.task.id, 'task');
      if ('call' in each) {
        add(asks, each.call.id, 'ask or call');
        if (each.call.task !== undefined) spokenOf.add(each.call.task);
        each.call.when?.forEach((one) => visit(one.steps));
      }
      if (!('ask' in each)) continue;
      add(asks, each.ask.id, 'ask or call');
      each.ask.when?.forEach((one) => visit(one.steps));
    }
  };
  const add = (names: Set<string>, id: string, what: string) => {
    if (names.has(id)) faults.push(`context.scenario has two ${what}s called ${JSON.stringify(id)}`);
    names.add(id);
  };
  visit(all);
  for (const id of spokenOf)
    if (!tasks.has(id))
      faults.push(`context.scenario speaks of a task ${JSON.stringify(id)} that it never makes`);
  return faults;
}
