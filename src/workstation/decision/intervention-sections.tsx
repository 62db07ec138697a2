import type { ReactNode } from 'react';
import { JsonView } from '../parts/json-view.tsx';
import { UntrustedText } from '../parts/untrusted-text.tsx';
import { texts } from '../texts.ts';
import { Ago } from '../parts/countdown.tsx';
import { Conversation } from './conversation.tsx';
import type { AskedIntervention } from './intervention-panel.tsx';
import { TeamFigures } from './team-figures.tsx';
import { Timeline } from './timeline.tsx';
import type { FlagName, Layout, UiConfig } from './ui-config.ts';

type Name =
  | 'recommendations'
  | 'risk'
  | 'context'
  | 'metrics'
  | 'progress'
  | 'diagnostics'
  | 'escalations'
  | 'conversation'
  | 'timeline'
  | 'figures';

/** What each layout shows first. */
const ORDER: Record<Layout, readonly Name[]> = {
  decision_panel: [
    'recommendations',
    'context',
    'risk',
    'metrics',
    'conversation',
    'escalations',
    'timeline',
    'progress',
    'diagnostics',
    'figures',
  ],
  review_panel: [
    'progress',
    'metrics',
    'conversation',
    'context',
    'recommendations',
    'risk',
    'escalations',
    'timeline',
    'diagnostics',
    'figures',
  ],
  approval_panel: [
    'risk',
    'context',
    'timeline',
    'conversation',
    'recommendations',
    'metrics',
    'escalations',
    'progress',
    'diagnostics',
    'figures',
  ],
  escalation_panel: [
    'escalations',
    'diagnostics',
    'recommendations',
    'context',
    'risk',
    'metrics',
    'conversation',
    'timeline',
    'progress',
    'figures',
  ],
};

/** The setting of each section: true opens it, false leaves it out, unsaid it is there and open only where it leads. */
const FLAG: Partial<Record<Name, FlagName>> = {
  context: 'show_context',
  progress: 'show_progress',
  metrics: 'show_metrics',
  risk: 'show_risk_assessment',
  timeline: 'show_audit_trail',
  diagnostics: 'show_diagnostics',
  recommendations: 'show_recommendations',
};

/** What a report says of risk, by the names that published configurations use. */
const RISK = /risk|confidence|severity|impact|compliance|ethical|probability/i;

export function InterventionSections({ asked, config }: { asked: AskedIntervention; config: UiConfig }) {
  const { flags } = config;
  const order = ORDER[config.layout].filter((name) => name !== 'figures');
  const isShown = (name: Name): boolean => {
    const flag = FLAG[name];
    return flag === undefined || flags[flag] !== false;
  };
  const isOpen = (name: Name): boolean => {
    const flag = FLAG[name];
    return (flag !== undefined && flags[flag] === true) || order.indexOf(name as (typeof order)[number]) < 3;
  };
  // What stands in a section of its own stands there alone, unless that is folded and this one is not.
  const contents = sectionsOf(asked, (name, own) => isShown(own) && (isOpen(own) || !isOpen(name)));
  return (
    <div className="sections" data-layout={config.layout}>
      {order.map((name) => {
        const content = contents[name];
        if (!isShown(name) || content === null) return null;
        return (
          <details key={name} open={isOpen(name)} className="section">
            <summary>{texts.decision.sections[name]}</summary>
            {content}
          </details>
        );
      })}
      <TeamFigures
        teamId={asked.teamId}
        projectId={asked.session.team.project.id}
        team={flags.show_team_status === true}
        budget={flags.show_budget_info === true}
        performance={flags.show_performance_metrics === true}
      />
    </div>
  );
}

/** `elsewhere`: whether what the second section is for is left out of the first. */
function sectionsOf(
  asked: AskedIntervention,
  elsewhere: (name: Name, own: Name) => boolean,
): Record<Exclude<Name, 'figures'>, ReactNode> & { figures?: null } {
  const { supervision, ...whole } = (asked.context ?? {}) as Record<string, unknown>;
  const report = (typeof supervision === 'object' ? supervision : null) as Record<string, unknown> | null;
  const measured = (report?.metrics ?? null) as Record<string, unknown> | null;
  const risk = Object.fromEntries(
    Object.entries({ ...measured, ...whole }).filter(([name]) => RISK.test(name)),
  );
  const withoutRisk = (name: Name, values: Record<string, unknown>) =>
    elsewhere(name, 'risk')
      ? Object.fromEntries(Object.entries(values).filter(([key, value]) => risk[key] !== value))
      : values;
  const context = withoutRisk('context', whole);
  const metrics = measured === null ? null : withoutRisk('metrics', measured);
  const { metrics: _measured, ...rest } = report ?? {};
  const findings = measured !== null && elsewhere('diagnostics', 'metrics') ? rest : (report ?? {});
  const diagnostics = { ...(asked.trigger !== null && { trigger: asked.trigger }), ...findings };
  const recommended = asked.options.find((option) => option.recommended);
  const { session } = asked;
  return {
    recommendations: recommended ? (
      <div>
        <strong>
          <UntrustedText text={recommended.label} inline />
        </strong>
        <UntrustedText text={recommended.description} />
      </div>
    ) : null,
    risk: isEmpty(risk) ? null : <JsonView value={risk} />,
    context: isEmpty(context) ? null : <JsonView value={context} />,
    metrics: metrics === null || isEmpty(metrics) ? null : <JsonView value={metrics} />,
    progress: (
      <dl className="facts">
        <dt>{texts.pages.session}</dt>
        <dd>{texts.decision.sessions[session.status]}</dd>
        <dt>{texts.decision.task}</dt>
        <dd>
          <UntrustedText text={session.initialMessage} />
        </dd>
        <dt>{texts.decision.turns}</dt>
        <dd>{session.conversationHistory.length}</dd>
      </dl>
    ),
    diagnostics: isEmpty(diagnostics) ? null : <JsonView value={diagnostics} />,
    escalations:
      asked.escalations.length === 0 ? null : (
        <ol className="plain">
          {asked.escalations.map(({ level, role, reason, automatic, escalatedAt, escalatedBy }) => (
            <li key={level}>
              {texts.inbox.level(level)} · {texts.roles[role]} ·{' '}
              {automatic ? texts.decision.automatic : escalatedBy.name} · <Ago at={escalatedAt} />
              <UntrustedText text={reason} />
            </li>
          ))}
        </ol>
      ),
    conversation:
      session.conversationHistory.length === 0 ? null : (
        <Conversation opening={session.initialMessage} turns={session.conversationHistory} />
      ),
    timeline: <Timeline sessionId={asked.sessionId} />,
  };
}

const isEmpty = (value: object): boolean => Object.keys(value).length === 0;
