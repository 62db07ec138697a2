import {
  AskedApprovalDocument,
  type AskedApprovalQuery,
  AskedSessionDocument,
} from '../generated/graphql.ts';
import { useLive } from '../live/use-live.ts';
import { placeNamed, usePlaces } from '../queue/places.ts';
import { FaultNotice } from '../parts/fault-notice.tsx';
import { UntrustedText } from '../parts/untrusted-text.tsx';
import { texts } from '../texts.ts';
import { ApprovalOutcome } from './approval-outcome.tsx';
import { ApprovalSubject } from './approval-subject.tsx';
import { Conversation } from './conversation.tsx';
import { LastResult } from './last-result.tsx';
import { PanelHead } from './panel-head.tsx';
import type { PanelProps } from './panel.tsx';
import { Timeline } from './timeline.tsx';
import { VoteBar } from './vote-bar.tsx';

export type AskedApproval = NonNullable<AskedApprovalQuery['approval']>;

const OF_ANSWERS = new Set(['response_approval_requested', 'approval_resolved', 'agent_call_started']);
const OF_RISK = { LOW: 'LOW', MEDIUM: 'NORMAL', HIGH: 'HIGH', CRITICAL: 'CRITICAL' } as const;

export function ApprovalPanel({ id, onDecided }: PanelProps) {
  const { data, fault, read } = useLive(
    AskedApprovalDocument,
    { id },
    {
      // A call's answer, and the steps of a recovery, are items of their own.
      on: ({ subjectId, sessionId, projectId, type }, shown) =>
        subjectId === id ||
        (OF_ANSWERS.has(type) && sessionId !== null && sessionId === shown?.approval?.sessionId) ||
        (type.startsWith('recovery_') && projectId === shown?.approval?.projectId),
    },
  );
  const places = usePlaces();
  const approval = data?.approval;
  if (fault && !approval) return <FaultNotice fault={fault} onRetry={read} />;
  if (data && !approval) return <p className="empty">{texts.decision.missing}</p>;
  if (!approval) return <p className="empty faint">{texts.loading}</p>;
  const open = approval.status === 'PENDING';
  const risk = riskOf(approval);
  return (
    <article className="panel" data-panel={approval.id}>
      {fault && <FaultNotice fault={fault} stale onRetry={read} />}
      <PanelHead
        type={approval.kind}
        urgency={risk === null ? null : OF_RISK[risk]}
        agent={'agentName' in approval ? approval.agentName : approval.requestedBy.name}
        place={placeNamed(places, approval)}
        createdAt={approval.createdAt}
        expiresAt={approval.expiresAt}
        frozen={approval.frozen}
        open={open}
        requiredRole={approval.requiredRole}
        sessionId={approval.sessionId}
      />
      <div className="said">
        <UntrustedText text={approval.summary} brief />
      </div>
      {/* What the votes are of is part of the key: an input that was edited meanwhile is another thing to be asked. */}
      {open ? (
        <VoteBar key={digestOf(approval) ?? ''} approval={approval} onDecided={onDecided} />
      ) : (
        <>
          <LastResult itemId={approval.id} />
          <ApprovalOutcome approval={approval} />
        </>
      )}
      <ApprovalSubject approval={approval} />
      {open && approval.decisions.length > 0 && <ApprovalOutcome approval={approval} />}
      {approval.sessionId !== null && <SessionParts id={approval.sessionId} />}
    </article>
  );
}

const LEVELS = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW'] as const;

/** Of a call, or of an agent's answer, the worst of its flags; null: of neither. */
export function riskOf(approval: AskedApproval): (typeof LEVELS)[number] | null {
  if ('riskAssessment' in approval) return approval.riskAssessment.level;
  if (!('riskFlags' in approval)) return null;
  return LEVELS.find((level) => approval.riskFlags.some((flag) => flag.level === level)) ?? 'LOW';
}

export const digestOf = (approval: AskedApproval): string | undefined =>
  'actionDigest' in approval ? approval.actionDigest : undefined;

function SessionParts({ id }: { id: string }) {
  const { data } = useLive(AskedSessionDocument, { id });
  const turns = data?.session?.conversationHistory ?? [];
  return (
    <div className="sections">
      {data?.session && turns.length > 0 && (
        <details className="section">
          <summary>{texts.decision.sections.conversation}</summary>
          <Conversation opening={data.session.initialMessage} turns={turns} />
        </details>
      )}
      <details className="section">
        <summary>{texts.decision.sections.timeline}</summary>
        <Timeline sessionId={id} />
      </details>
    </div>
  );
}
