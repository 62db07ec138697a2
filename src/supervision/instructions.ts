import { approvalTerms, quorumOf, timeoutMinutes } from '../approvals/terms.ts';
import { InterventionType, RiskLevel } from '../generated/prisma/enums.ts';
import { askTerms, type AskTerms, queueBound } from '../interventions/terms.ts';
import type { WorkingHours } from '../kernel/working-hours.ts';
import { rulesFor } from '../triggers/match.ts';
import type { Configuration } from './configuration-schema.ts';
import { supervisionOf } from './in-force.ts';
import { weekdays } from './weekdays.ts';

// The supervision section of an agent's system prompt: one text for one configuration, so that it may be cached and
// compared. Every number in it is read where the verbs read theirs.

export interface Addressee {
  agentName: string;
  teamName: string;
  configuration: Configuration | null;
}

export function agentInstructions({ agentName, teamName, configuration }: Addressee): string {
  return [
    opening(agentName, teamName),
    whenToAsk(),
    howToAsk(agentName, configuration),
    ...ownRules(agentName, configuration),
    ...whenNobodyAnswers(agentName, configuration),
    calls(configuration),
    money(),
    stops(),
  ]
    .map((lines) => lines.join('\n'))
    .join('\n\n')
    .concat('\n');
}

/** Names are other people's text: quoted, and on one line, they can begin no section of their own. */
const quoted = (name: string): string =>
  JSON.stringify(name).replace(
    /[\u0080-\u009f\u2028\u2029]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

const opening = (agentName: string, teamName: string) => [
  '# Human supervision',
  '',
  `You are the agent ${quoted(agentName)} of the team ${quoted(teamName)}. People answer for what you do, and Holdpoint is`,
  'where you ask them. The names in `code` are operations of its GraphQL API. Send an `idempotencyKey` with whatever you',
  'may have to send again: the repeat gets the first answer, and nothing happens twice.',
];

const whenToAsk = () => [
  '## When to ask',
  '',
  'Ask before you go on whenever',
  '- what you are about to do cannot be undone, or reaches people or systems outside your task;',
  '- it spends money, changes access, or touches personal data or secrets;',
  '- you are not confident, or two sources or agents contradict each other;',
  '- it raises a question of ethics, law or policy;',
  '- you met an error that you cannot clear by yourself.',
  'Do not ask for what is yours to decide, and never split a step so that its parts look harmless.',
];

function howToAsk(agentName: string, configuration: Configuration | null): string[] {
  const kinds = kindsOf(agentName, configuration);
  return [
    '## How to ask',
    '',
    `1. \`requestIntervention\` with your \`sessionId\`, \`agentName\` ${quoted(agentName)}, the \`type\` (DECISION, FOLLOW_UP,`,
    '   APPROVAL, ESCALATION, QUALITY_REVIEW, ERROR_RESOLUTION, RISK_ASSESSMENT or COMPLIANCE_CHECK) and a `message` that',
    '   says what you know, what you recommend and why, what could go wrong, and what exactly you ask.',
    '2. Offer `options` where there are choices, one of them `recommended`; put figures into `context`; say how urgent it',
    '   is with `urgency`.',
    '3. Wait: subscribe to `interventionUpdates`, or query `intervention(id)` until its `status` is no longer PENDING. The',
    '   answer is its `humanResponse`. Do nothing meanwhile that depends on it.',
    '4. `acknowledgeResponse`, and do as the answer says. An answer that rejects is final: do not ask again in other words.',
    '5. `cancelIntervention` takes back what you need no more.',
    '',
    `Your team may have ${queueBound(configuration)} requests pending; past that you get QUEUE_FULL: wait and ask again.`,
    kinds.length === 1
      ? `People have ${duration(kinds[0]!.terms.timeout)} for the first answer, unless your request names a \`timeout\` in seconds.`
      : 'How long people have depends on the type, as said below, unless your request names a `timeout` in seconds.',
  ];
}

/** Types of request on the same terms. */
interface Kind {
  types: InterventionType[];
  terms: AskTerms;
}

/** In the order of the types. */
function kindsOf(agentName: string, configuration: Configuration | null): Kind[] {
  const kinds = new Map<string, Kind>();
  for (const type of Object.values(InterventionType)) {
    const terms = askTerms(configuration, { type, agentName });
    const { timeout, autoContinue } = terms;
    const key = JSON.stringify([timeout, autoContinue, terms.terms.escalation]);
    const kind = kinds.get(key);
    if (kind === undefined) kinds.set(key, { types: [type], terms });
    else kind.types.push(type);
  }
  return [...kinds.values()];
}

/** What the team says of this agent alone, in its own words; and what asks about it, by itself. */
function ownRules(agentName: string, configuration: Configuration | null): string[][] {
  const instructions = supervisionOf(configuration, agentName)?.escalation_instructions;
  const rules = rulesFor(configuration, agentName);
  return [
    ...(instructions === undefined ? [] : [["## Your team's own rules", '', instructions.trimEnd()]]),
    ...(rules.length === 0
      ? []
      : [
          [
            '## What asks for you',
            '',
            'Report what you do and meet with `reportExecutionEvent`, with figures in `metrics` and names in `context`. Where one of',
            'these holds, the first of them asks a person for you; the directive is then PAUSE: wait for the answer as above.',
            ...rules.map(
              ({ condition, type, about }) =>
                `- ${quoted(condition)}: ${type}${about === null ? '' : `, ${quoted(about)}`}`,
            ),
          ],
        ]),
  ];
}

function whenNobodyAnswers(agentName: string, configuration: Configuration | null): string[][] {
  const kinds = kindsOf(agentName, configuration);
  if (kinds.length === 1) return [['## When nobody answers', '', ...afterwards(kinds[0]!.terms)]];
  return [
    ['## When nobody answers', '', 'It depends on the type of the request.'],
    ...kinds.map(({ types, terms }) => [
      `### ${types.join(', ')}`,
      '',
      `People have ${duration(terms.timeout)} for the first answer.`,
      ...afterwards(terms),
    ]),
  ];
}

function afterwards({ timeout, autoContinue, terms: { escalation } }: AskTerms): string[] {
  const { automatic, after, levels } = escalation;
  const climbs = automatic && levels.length > 0;
  const byHand =
    levels.length > 0
      ? `People may escalate it by hand, up to level ${levels.length} (${levels.at(-1)!.role}).`
      : 'It cannot be escalated.';
  return [
    ...(autoContinue
      ? [
          'When that time is over, you are told to continue (AUTO_CONTINUE): with the recommended option, or with none. Send',
          '`autoContinue: false` for whatever must not happen without a person; what follows then holds for it.',
        ]
      : ['No answer is never a yes.']),
    ...(climbs
      ? [
          after !== null && after > timeout
            ? `- ${duration(after)} after you asked, it goes to level 1.`
            : '- When that time is over, it goes to level 1.',
          ...levels.map(
            ({ role, timeout: window }, at) =>
              `- Level ${at + 1}: someone with the role ${role} or a higher one, for ${duration(window)}.`,
          ),
          ...((escalation.repeat ?? 0) > 0
            ? [`- After the last level it begins again at level 1, ${counted(escalation.repeat!, 'time')}.`]
            : []),
          '- After the last level its status is TIMEOUT; so is your session, once nothing else in it is pending.',
        ]
      : [
          '- When that time is over, its status is TIMEOUT; so is your session, once nothing else in it is pending.',
        ]),
    ...(escalation.hours === undefined ? [] : [hoursOf(escalation.hours)]),
    byHand,
    'A session in TIMEOUT goes on once a person resumes it; until then do nothing more in it.',
  ];
}

const hoursOf = ({ timeZone, days, from, until }: WorkingHours): string =>
  `Only working hours count: ${days.map((day) => weekdays[day - 1]).join(', ')} from ${from} to ${until} in ${timeZone}.`;

function calls(configuration: Configuration | null): string[] {
  const quorum = quorumOf(configuration);
  return [
    '## Calls of tools and models',
    '',
    'Nothing runs unapproved.',
    '1. `requestAgentCallApproval` with the exact `proposedAction` and `inputData`, and honest estimates. Its risk is assessed,',
    '   and decides who must approve:',
    ...Object.values(RiskLevel).map((risk) => {
      const { requiredRole, requiredApprovals } = approvalTerms(risk, quorum);
      const people = requiredApprovals === 1 ? 'one person' : `${requiredApprovals} different people`;
      return `   - ${risk}: ${people} with the role ${requiredRole} or a higher one.`;
    }),
    '   One rejection rejects it.',
    '2. Once it is APPROVED, `startAgentCall`, and run exactly what was approved (`approvedInput` where a person changed it),',
    `   once. It must be started within ${minutes(timeoutMinutes(configuration))} of being asked for, unless it names its own`,
    '   `timeoutMinutes`; after that it is TIMED_OUT.',
    '3. `submitAgentResponse` with the answer and what it really cost. Nobody uses the answer before it is approved too, by as',
    '   many people for its own risk. After REQUIRES_MODIFICATION, submit it anew, changed as the `modifications` say.',
    '`cancelApproval` takes back what you need no more.',
  ];
}

const money = () => [
  '## Budgets',
  '',
  'A call holds its estimate until it is settled; for other spending use `reserveBudget`, then `commitBudget` or',
  '`releaseBudget`. `checkBudget` says beforehand what would fit. BUDGET_EXCEEDED means that it does not: do less, wait for',
  'the next period, or ask people for more with `requestBudgetOverride`. Report what was really spent, always.',
];

const stops = () => [
  '## Stops',
  '',
  'EMERGENCY_STOPPED, or the directive HALT of `reportExecutionEvent`, means stop now: begin nothing, finish nothing, and wait',
  'until your session is no longer HALTED. Where you see harm being done, call `triggerEmergencyStop` with the reason; it',
  'halts the whole project, and people decide how it goes on.',
];

const units = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
] as const;

/** "300 seconds (5 minutes)"; in the largest unit that comes out even. */
function duration(seconds: number): string {
  const exact = counted(seconds, 'second');
  const unit = units.find(([size]) => seconds >= size && seconds % size === 0);
  return unit === undefined ? exact : `${exact} (${counted(seconds / unit[0], unit[1])})`;
}

const minutes = (count: number): string => counted(count, 'minute');
const counted = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? '' : 's'}`;
