import './analytics.css';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { memo, type ReactNode } from 'react';
import {
  AnalyticsPlacesDocument,
  DecisionStatsDocument,
  type DecisionStatsQuery,
} from '../../generated/graphql.ts';
import { useNow } from '../../live/clock.ts';
import { useLive } from '../../live/use-live.ts';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { plainly } from '../../parts/marks.ts';
import { Page } from '../../parts/page.tsx';
import { ScrollRegion } from '../../parts/scroll-region.tsx';
import { analyticsTexts as words, texts, worded } from '../../texts.ts';
import { Groups, People } from './groups.tsx';
import { type AnalyticsSearch, analyticsSearch, type Range, rangeNames, rangeUntil } from './search.ts';
import { seconds } from './seconds.ts';
import { VolumeChart } from './volume-chart.tsx';

type Stats = DecisionStatsQuery['decisionStats'];

export default function AnalyticsPage() {
  return (
    <Page title={texts.pages.analytics}>
      <p className="faint">{words.lead}</p>
      <Analytics />
    </Page>
  );
}

function Analytics() {
  const search = analyticsSearch(useSearch({ strict: false }));
  const navigate = useNavigate();
  const { data, fault, read } = useLive(AnalyticsPlacesDocument, {});
  const projects = data?.projects ?? [];
  const project = projects.find(({ id }) => id === search.project) ?? projects[0];
  const range = search.range ?? 'week';
  const go = (part: AnalyticsSearch) => void navigate({ to: '/analytics', search: { ...search, ...part } });
  if (fault && !data) return <FaultNotice fault={fault} onRetry={read} />;
  if (!data) return <p role="status">{texts.loading}</p>;
  if (!project) return <p>{words.noProject}</p>;
  return (
    <>
      <div className="analytics-filters">
        <label>
          {words.range}
          <select value={range} onChange={({ target }) => go({ range: target.value as Range })}>
            {rangeNames.map((name) => (
              <option key={name} value={name}>
                {words.ranges[name]}
              </option>
            ))}
          </select>
        </label>
        {projects.length > 1 && (
          <label>
            {words.project}
            <select
              value={project.id}
              onChange={({ target }) => go({ project: target.value, team: undefined })}
            >
              {projects.map(({ id, name }) => (
                <option key={id} value={id}>
                  {plainly(name)}
                </option>
              ))}
            </select>
          </label>
        )}
        <label>
          {words.team}
          <select
            value={search.team ?? ''}
            onChange={({ target }) => go({ team: target.value || undefined })}
          >
            <option value="">{words.anyTeam}</option>
            {project.teams.map(({ id, name }) => (
              <option key={id} value={id}>
                {plainly(name)}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Figures project={project.id} team={search.team ?? null} range={range} />
    </>
  );
}

/** Those that move these figures. */
const MOVES = new Set([
  'intervention_requested',
  'intervention_resolved',
  'intervention_cancelled',
  'timeout_occurred',
  'auto_continue_triggered',
  'agent_approval_requested',
  'response_approval_requested',
  'budget_override_requested',
  'approval_voted',
  'approval_resolved',
]);

function Figures({ project, team, range }: { project: string; team: string | null; range: Range }) {
  const { from, to } = rangeUntil(useNow(), range);
  const { data, fault, read } = useLive(
    DecisionStatsDocument,
    { project, team, range: { from, to } },
    { on: ({ type, projectId }) => projectId === project && MOVES.has(type) },
  );
  const stats = data?.decisionStats;
  return (
    <>
      {fault && <FaultNotice fault={fault} stale={stats !== undefined} onRetry={read} />}
      {!stats && !fault && <p role="status">{texts.loading}</p>}
      {stats?.asked === 0 && <p>{words.empty}</p>}
      {stats && stats.asked > 0 && <Told stats={stats} />}
    </>
  );
}

/** The clock ticks above it; what it shows changes with the figures alone. */
const Told = memo(function Told({ stats }: { stats: Stats }) {
  return (
    <>
      {stats.byPerson
        .filter(({ reflex }) => reflex)
        .map(({ userId, name, approved, decisions, quickApprovals }) => (
          <div key={userId} className="notice notice-warn">
            <p>
              <strong>{words.reflexTitle}</strong>
            </p>
            <p>{words.reflex(plainly(name), approved, decisions, quickApprovals)}</p>
          </div>
        ))}
      <dl className="figures">
        <Figure name={words.asked}>{stats.asked.toLocaleString('en')}</Figure>
        <Figure name={words.decided}>{stats.decided.toLocaleString('en')}</Figure>
        <Figure name={words.pending}>{stats.pending.toLocaleString('en')}</Figure>
        <Figure name={`${words.toDecide}: ${words.median}`}>{seconds(stats.medianSeconds)}</Figure>
        <Figure name={`${words.toDecide}: ${words.p95}`}>{seconds(stats.p95Seconds)}</Figure>
      </dl>
      <VolumeChart stats={stats} />
      <Outcomes stats={stats} />
      <Groups title={words.byType} of={words.type} groups={stats.byType} named={typeName} />
      <Groups title={words.byAgent} of={words.agent} groups={stats.byAgent} />
      <People people={stats.byPerson} />
    </>
  );
});

const typeName = (key: string): string => (texts.types as Record<string, string>)[key] ?? worded(key);

const Figure = ({ name, children }: { name: string; children: ReactNode }) => (
  <div className="card">
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

function Outcomes({ stats }: { stats: Stats }) {
  return (
    <section className="card">
      <h2>{words.outcome}</h2>
      <ScrollRegion label={words.outcome}>
        <table>
          <thead>
            <tr>
              <th scope="col">{words.outcome}</th>
              <th scope="col">{words.count}</th>
              <th scope="col">{words.share}</th>
            </tr>
          </thead>
          <tbody>
            {stats.byOutcome.map(({ key, count }) => (
              <tr key={key}>
                <th scope="row">{words.outcomes[key] ?? key}</th>
                <td>{count.toLocaleString('en')}</td>
                <td>
                  <span className="share">
                    <meter min={0} max={stats.asked} value={count} aria-label={words.share} />
                    {((100 * count) / stats.asked).toFixed(0)} %
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
    </section>
  );
}
