import type { Approval, ApprovalVote, Intervention, PrismaClient } from '../generated/prisma/client.ts';
import { callOf, overrideOf, responseOf as answerOf } from '../approvals/proposal.ts';
import { settledBy } from '../approvals/rules.ts';
import type { Actor } from '../identity/viewer.ts';
import { optionsOf } from '../interventions/option.ts';
import { responseOf } from '../interventions/response.ts';
import { termsOf } from '../interventions/terms.ts';
import { isId } from '../kernel/ids.ts';
import type { Json } from '../kernel/json.ts';
import type { Asking, Choice } from './channel.ts';
import { isAsking } from './names.ts';
import { MAX_VALUE } from '../triggers/placeholders.ts';
import { fits, fitsButton } from './slack-blocks.ts';

// What a notification asks for, as the item stands when it is sent: choices while it is pending, and what came of it
// afterwards. A choice is offered only where a click says all there is to say: what takes a form, and what is too long to be
// shown whole, is for the API.

/** What a click sends back. `delivery`: the message that it was made on. */
export type Chosen =
  | { delivery: string; option: string }
  | { delivery: string; verdict: 'APPROVE' | 'REJECT'; digest: string };

interface Told {
  id: string;
  name: string;
  subjectId: string;
}

/** `endedBy`: who wrote the event that this message is edited for. Null: it asks for nothing. */
export async function askingOf(
  prisma: PrismaClient,
  { id, name, subjectId }: Told,
  endedBy: Actor | null,
): Promise<Asking | null> {
  if (!isAsking(name)) return null;
  if (isId('intervention', subjectId)) {
    const row = await prisma.intervention.findUnique({ where: { id: subjectId } });
    return row && ofIntervention(row, id, endedBy);
  }
  if (!isId('approval', subjectId)) return null;
  const row = await prisma.approval.findUnique({ where: { id: subjectId }, include: { votes: true } });
  return row && ofApproval(row, id, endedBy);
}

const nothing = { choices: [], reason: null, shown: null };
const choice = (label: string, chosen: Chosen, style: Choice['style'] = null): Choice => ({
  label,
  value: JSON.stringify(chosen),
  style,
});

function ofIntervention(row: Intervention, delivery: string, endedBy: Actor | null): Asking {
  if (row.status !== 'PENDING') {
    const response = responseOf(row);
    const how = response?.selectedOption?.label ?? row.resolution ?? row.status;
    return { ...nothing, outcome: ending(how, response?.respondedBy ?? endedBy, row.resolvedAt) };
  }
  // A form is filled in elsewhere.
  if (row.responseSchema !== null) return { ...nothing, outcome: null };
  const options = optionsOf(row).filter(({ disabled }) => !disabled);
  const cut = options.some(({ label }) => !fitsButton(label) || HIDDEN.test(label));
  const lines = [
    // Templates cut a value that is longer.
    ...(row.message.length > MAX_VALUE ? [row.message] : []),
    ...(cut ? options.map(({ label }, at) => `${at + 1}. ${written(label)}`) : []),
  ];
  const shown = lines.length === 0 ? null : { title: 'In full', text: lines.join('\n') };
  if (shown !== null && !fits(shown.text)) return { ...nothing, outcome: null };
  const choices = options.map(({ id: option, label, recommended }, at) =>
    choice(cut ? `${at + 1}. ${label}` : label, { delivery, option }, recommended ? 'primary' : null),
  );
  const reason = termsOf(row).requireReason === true ? 'Reason (required)' : null;
  return { choices, reason, shown, outcome: null };
}

type VotedApproval = Approval & { votes: ApprovalVote[] };

function ofApproval(row: VotedApproval, delivery: string, endedBy: Actor | null): Asking {
  if (row.status !== 'PENDING') {
    const voters = row.votes
      .filter(({ round, digest }) => round === row.round && digest === row.digest)
      .filter(({ verdict }) => settledBy[verdict] === row.status)
      .map(({ actor }) => (actor as unknown as Actor).name);
    const who = voters.length > 0 ? { name: voters.join(', ') } : endedBy;
    return { ...nothing, outcome: ending(row.status, who, row.respondedAt) };
  }
  const shown = shownOf(row);
  if (shown === null || !fits(shown.text)) return { ...nothing, outcome: null };
  const verdict = (name: 'APPROVE' | 'REJECT') => ({ delivery, verdict: name, digest: row.digest });
  return {
    choices: [
      choice('Approve', verdict('APPROVE'), 'primary'),
      choice('Reject', verdict('REJECT'), 'danger'),
    ],
    reason: 'Reason (required to reject)',
    shown,
    outcome: null,
  };
}

/** What cannot be seen, or turns the direction of what can. */
const HIDDEN = /[\p{Cf}\p{Zl}\p{Zp}]/u;

/** It is written out, so that nothing is consented to unseen. */
const written = (shown: string): string =>
  shown.replace(new RegExp(HIDDEN, 'gu'), (hidden) =>
    [...Array(hidden.length).keys()]
      .map((at) => `\\u${hidden.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join(''),
  );

const text = (value: Json): string => written(JSON.stringify(value, null, 2));

/**
 * All of what an approval consents to, whatever a team's template says or leaves out. Null: a recovery's plan or step, which
 * is read where it can be changed as well.
 */
function shownOf(row: Approval): Asking['shown'] {
  switch (row.kind) {
    case 'AGENT_CALL': {
      const { agentName: agent, proposedAction: action, inputData } = callOf(row);
      return {
        title: 'Call',
        text: text({ agent, action, input: (row.approvedInput as Json) ?? inputData }),
      };
    }
    case 'RESPONSE': {
      const { agentName: agent, response, nextSteps } = answerOf(row);
      return { title: 'Answer', text: text({ agent, response, nextSteps }) };
    }
    case 'BUDGET_OVERRIDE': {
      const { limitType, requestedAmount, justification } = overrideOf(row);
      return { title: 'Budget', text: text({ limitType, requestedAmount, justification }) };
    }
    case 'RECOVERY_PLAN':
    case 'RECOVERY_STEP':
      return null;
  }
}

const ending = (how: string, who: Pick<Actor, 'name'> | null, when: Date | null): string =>
  [how, who === null ? '' : `by ${who.name}`, when === null ? '' : `at ${when.toISOString()}`]
    .filter((part) => part !== '')
    .join(' ');
