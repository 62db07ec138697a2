import { AskedInterventionDocument, type AskedInterventionQuery } from '../generated/graphql.ts';
import { useLive } from '../live/use-live.ts';
import { FaultNotice } from '../parts/fault-notice.tsx';
import { UntrustedText } from '../parts/untrusted-text.tsx';
import { texts } from '../texts.ts';
import { AnswerBar } from './answer-bar.tsx';
import { InterventionOutcome } from './intervention-outcome.tsx';
import { LastResult } from './last-result.tsx';
import { InterventionSections } from './intervention-sections.tsx';
import { PanelHead } from './panel-head.tsx';
import type { PanelProps } from './panel.tsx';
import { useUiConfig } from './use-ui-config.ts';

export type AskedIntervention = NonNullable<AskedInterventionQuery['intervention']>;

export function InterventionPanel({ id, onDecided }: PanelProps) {
  const { data, fault, read } = useLive(
    AskedInterventionDocument,
    { id },
    {
      on: ({ subjectId, sessionId, type }, shown) =>
        subjectId === id ||
        (type === 'session_status_changed' && sessionId === shown?.intervention?.sessionId),
    },
  );
  const asked = data?.intervention;
  const config = useUiConfig(asked?.session.team.supervision, asked?.type ?? '', asked?.agentName ?? '');
  if (fault && !asked) return <FaultNotice fault={fault} onRetry={read} />;
  if (data && !asked) return <p className="empty">{texts.decision.missing}</p>;
  if (!asked || config === null) return <p className="empty faint">{texts.loading}</p>;
  return (
    <article className="panel" data-panel={asked.id}>
      {fault && <FaultNotice fault={fault} stale onRetry={read} />}
      <PanelHead
        type={asked.type}
        urgency={asked.urgency}
        agent={asked.agentName}
        place={`${asked.session.team.project.name} · ${asked.session.team.name}`}
        createdAt={asked.createdAt}
        expiresAt={asked.status === 'PENDING' ? asked.expiresAt : null}
        frozen={asked.frozen}
        open={asked.status === 'PENDING'}
        requiredRole={asked.requiredRole}
        claimedBy={asked.claimedBy}
        sessionId={asked.sessionId}
      />
      <div className="said">
        <UntrustedText text={asked.message} brief />
      </div>
      {asked.status === 'PENDING' ? (
        <AnswerBar asked={asked} config={config} onDecided={onDecided} />
      ) : (
        <>
          <LastResult itemId={asked.id} />
          <InterventionOutcome asked={asked} />
        </>
      )}
      <InterventionSections asked={asked} config={config} />
    </article>
  );
}
