import { Link } from '@tanstack/react-router';
import { TeamsDocument, type TeamsQuery } from '../../generated/graphql.ts';
import type { FeedEvent } from '../../live/feed.ts';
import { useLive } from '../../live/use-live.ts';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { Page } from '../../parts/page.tsx';
import { TeamFigures } from '../../parts/team-figures.tsx';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { partTexts, teamsTexts as words, texts } from '../../texts.ts';
import '../../parts/pages.css';

/** What moves the figures of a team, and what makes one. */
export const movesTeams = ({ type }: FeedEvent): boolean =>
  /^(session|intervention|approval|task|escalation|timeout|auto_continue|emergency_stop|team|project)_/.test(
    type,
  ) || /_approval_requested$|^configuration_changed$/.test(type);

type Team = TeamsQuery['projects'][number]['teams'][number];

export default function TeamsPage() {
  const { data, fault, read, loading } = useLive(TeamsDocument, {}, { on: movesTeams });
  return (
    <Page title={texts.pages.teams}>
      {fault && <FaultNotice fault={fault} stale={data !== undefined} onRetry={read} />}
      {!data && loading && <p role="status">{texts.loading}</p>}
      {data?.projects.length === 0 && <p>{partTexts.noProjects}</p>}
      {data?.projects.map(({ id, name, teams }) => (
        <section key={id} className="stack">
          <h2>
            <UntrustedText text={name} inline />
          </h2>
          {teams.length === 0 && <p className="faint">{words.noTeams}</p>}
          <ul className="plain-list">
            {teams.map((team) => (
              <OneTeam key={team.id} team={team} />
            ))}
          </ul>
        </section>
      ))}
    </Page>
  );
}

function OneTeam({ team: { id, name, agents, supervision, status } }: { team: Team }) {
  const working = agents.filter((agent) => agent.status === 'WORKING').length;
  return (
    <li className="card" data-team={id}>
      <p className="row-head">
        <Link to="/teams/$id" params={{ id }}>
          <UntrustedText text={name} inline />
        </Link>
        {status.emergencyStopped && <span className="badge badge-bad">{words.stopped}</span>}
        <span className="faint">
          {words.agents(agents.length)}
          {working > 0 && `, ${words.working(working)}`} ·{' '}
          {supervision === '' ? words.unsupervised : words.supervised}
        </span>
      </p>
      <TeamFigures status={status} />
    </li>
  );
}
