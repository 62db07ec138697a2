// What somebody wants to say about an item, and how it is said to the API. Pure.
import {
  ChooseOptionDocument,
  ClaimDocument,
  type DecidedApprovalFragment,
  type DecidedInterventionFragment,
  EscalateDocument,
  ReleaseDocument,
  ResolveDocument,
  RespondDocument,
  type TypedDocumentString,
  VoteDocument,
} from '../generated/graphql.ts';

export type Verdict =
  | { kind: 'approve'; reason?: string; answer?: unknown; approvedInput?: unknown; modifications?: unknown }
  | { kind: 'reject'; reason?: string; answer?: unknown }
  /** A request: go on with this changed. An answer to a call: do it again, like this. */
  | { kind: 'modify'; reason?: string; modifications?: unknown; answer?: unknown }
  | { kind: 'option'; optionId: string; label: string; customInput?: string; reason?: string }
  | { kind: 'respond'; text: string; answer?: unknown }
  | { kind: 'escalate'; reason: string; level?: number }
  | { kind: 'claim' }
  | { kind: 'release' };

interface Said {
  // Each mutation has variables of its own; they are made right beside it.
  document: TypedDocumentString<unknown, Record<string, unknown>>;
  variables: Record<string, unknown>;
}

const said = <Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: NoInfer<Variables>,
): Said => ({
  document: document as unknown as Said['document'],
  variables: variables as Record<string, unknown>,
});

export interface Target {
  id: string;
  kind: 'intervention' | 'approval';
  /** What an approver was shown: consent is to this and nothing else (behaviour 5.6). */
  actionDigest?: string;
}

/** `idempotencyKey`: of this one decision, however often it has to be sent. */
export function sayVerdict(target: Target, verdict: Verdict, idempotencyKey: string): Said {
  const { id } = target;
  if (target.kind === 'approval') return sayVote(target, verdict, idempotencyKey);
  switch (verdict.kind) {
    case 'approve':
    case 'reject':
    case 'modify':
      return said(ResolveDocument, {
        id,
        resolution: {
          resolutionType: RESOLUTIONS[verdict.kind],
          reasoning: verdict.reason || undefined,
          modifications: 'modifications' in verdict ? verdict.modifications : undefined,
          answer: verdict.answer,
          idempotencyKey,
        },
      });
    case 'option': {
      const { optionId, customInput, reason } = verdict;
      return said(ChooseOptionDocument, {
        id,
        optionId,
        customInput: customInput || undefined,
        reasoning: reason || undefined,
      });
    }
    case 'respond':
      return said(RespondDocument, {
        id,
        responseText: verdict.text,
        responseType: 'respond',
        answer: verdict.answer,
      });
    case 'escalate':
      return said(EscalateDocument, {
        id,
        escalation: { reason: verdict.reason, level: verdict.level, idempotencyKey },
      });
    case 'claim':
      return said(ClaimDocument, { id });
    case 'release':
      return said(ReleaseDocument, { id });
  }
}

const RESOLUTIONS = { approve: 'APPROVE', reject: 'REJECT', modify: 'MODIFY' } as const;
const VOTES = { approve: 'APPROVE', reject: 'REJECT', modify: 'REQUEST_MODIFICATION' } as const;

function sayVote({ id, actionDigest }: Target, verdict: Verdict, idempotencyKey: string): Said {
  if (verdict.kind !== 'approve' && verdict.kind !== 'reject' && verdict.kind !== 'modify')
    throw new Error(`an approval takes no ${verdict.kind}`);
  return said(VoteDocument, {
    id,
    response: {
      verdict: VOTES[verdict.kind],
      reason: verdict.reason || undefined,
      actionDigest: verdict.kind === 'approve' ? actionDigest : undefined,
      approvedInput: 'approvedInput' in verdict ? verdict.approvedInput : undefined,
      modifications: 'modifications' in verdict ? verdict.modifications : undefined,
      idempotencyKey,
    },
  });
}

/** The item as a payload shows it, whichever mutation it was. */
export interface Decided {
  intervention?: DecidedInterventionFragment | null;
  approval?: DecidedApprovalFragment | null;
}

export const decidedIn = (data: unknown): Decided => Object.values(data as Record<string, Decided>)[0] ?? {};

/** Whether it still waits for somebody. */
export const isOpen = ({ intervention, approval }: Decided): boolean =>
  (intervention ?? approval)?.status === 'PENDING';

/** Who settled it, and as what; null: nobody has. */
export function settledBy({
  intervention,
  approval,
}: Decided): { who: string; id: string; as: string; at: string } | null {
  if (intervention?.humanResponse) {
    const { respondedBy, timestamp, responseType } = intervention.humanResponse;
    return {
      who: respondedBy.name,
      id: respondedBy.id,
      as: intervention.resolution ?? responseType,
      at: timestamp,
    };
  }
  const last = approval && approval.status !== 'PENDING' ? approval.decisions.at(-1) : undefined;
  return last === undefined || approval == null
    ? null
    : { who: last.decidedBy.name, id: last.decidedBy.id, as: approval.status, at: last.decidedAt };
}
