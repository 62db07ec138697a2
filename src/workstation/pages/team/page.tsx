import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { TeamPageDocument, type TeamPageQuery, TeamConfigurationDocument } from '../../generated/graphql.ts';
import type { FeedEvent } from '../../live/feed.ts';
import { useLive } from '../../live/use-live.ts';
import { Ago } from '../../parts/countdown.tsx';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { plainly } from '../../parts/marks.ts';
import { Page } from '../../parts/page.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { TeamFigures } from '../../parts/team-figures.tsx';
import { instant } from '../../parts/time.ts';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { Pending } from './pending.tsx';
import { teamsTexts as words, texts, worded } from '../../texts.ts';
import '../../parts/pages.css';

type Team = NonNullable<TeamPageQuery['team']>;

export default function TeamPage() {
  const { id } = useParams({ from: '/teams/$id' });
  const ofTeam = (event: FeedEvent) => event.teamId === id || event.type.startsWith('emergency_stop_');
  const { data, fault, read, loading } = useLive(TeamPageDocument, { id }, { on: ofTeam });
  const team = data?.team;
  return (
    <Page title={texts.pages.team} aside={<Link to="/teams">{words.all}</Link>}>
      {fault && <FaultNotice fault={fault} stale={data !== undefined} onRetry={read} />}
      {!data && loading && <p role="status">{texts.loading}</p>}
      {data && !team && <p>{words.missing}</p>}
      {team && (
        <>
          <Head team={team} />
          <Pending id={id} />
          <Agents team={team} />
          <Supervision key={team.supervision} team={team} />
          <section className="card" aria-labelledby="members">
            <h2 id="members">{words.members.title}</h2>
            <p>{words.members.lead}</p>
            <p>
              <Link to="/keys">{words.members.link}</Link>
            </p>
          </section>
        </>
      )}
    </Page>
  );
}

function Head({ team: { id, name, project, createdAt, status } }: { team: Team }) {
  return (
    <section className="card" aria-labelledby="team">
      <h2 id="team">
        <UntrustedText text={name} inline />
      </h2>
      <p className="row-head">
        <span>
          {words.project}:{' '}
          <Link to="/projects/$id" params={{ id: project.id }}>
            <UntrustedText text={project.name} inline />
          </Link>
        </span>
        <span className="faint">
          {words.began} {instant(createdAt)}
        </span>
        {status.emergencyStopped && (
          <Link to="/emergency/$id" params={{ id: project.id }} className="badge badge-bad">
            {words.stopped}
          </Link>
        )}
      </p>
      <TeamFigures status={status} />
      <p>
        <Link to="/sessions" search={{ team: id }}>
          {words.sessions}
        </Link>
      </p>
    </section>
  );
}

function Agents({ team: { id, agents } }: { team: Team }) {
  return (
    <section className="card" aria-labelledby="agents">
      <h2 id="agents">{words.agent.title}</h2>
      {agents.length === 0 && <p className="faint">{words.agent.none}</p>}
      <ul className="plain-list">
        {agents.map((agent) => (
          <li key={agent.id} className="row-head" data-agent={agent.id}>
            <strong>
              <UntrustedText text={agent.name} inline />
            </strong>
            <span className="faint">{worded(agent.type)}</span>
            <StateBadge state={agent.status} />
            <span className="faint">
              {agent.lastActivity == null ? words.agent.never : <Ago at={agent.lastActivity} />}
            </span>
            <Link to="/sessions" search={{ team: id, agent: agent.name }}>
              {words.agent.sessions}
              <span className="hidden-label">
                {' '}
                <UntrustedText text={agent.name} inline />
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The configuration as agents are told of it: in sentences, and made by the server out of what is in force. */
function Supervision({ team }: { team: Team }) {
  const [open, setOpen] = useState(false);
  const [agentName, setAgentName] = useState(team.agents[0]?.name ?? words.supervision.anyAgent);
  const { data, fault, read } = useLive(
    TeamConfigurationDocument,
    { id: team.id, agentName },
    { pause: !open },
  );
  const lines = team.supervision.trim().split('\n').length;
  return (
    <section className="card" aria-labelledby="supervision">
      <h2 id="supervision">{words.supervision.title}</h2>
      <p>{team.supervision.trim() === '' ? words.supervision.byDefault : words.supervision.own(lines)}</p>
      <p>
        <Link to="/supervision/$id" params={{ id: team.id }}>
          {words.supervision.edit}
        </Link>
      </p>
      <details open={open} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>{words.supervision.told}</summary>
        {fault && <FaultNotice fault={fault} stale={data !== undefined} onRetry={read} />}
        {team.agents.length > 1 && (
          <label className="check">
            {words.supervision.for}
            <select value={agentName} onChange={({ target }) => setAgentName(target.value)}>
              {team.agents.map(({ id, name }) => (
                <option key={id} value={name}>
                  {plainly(name)}
                </option>
              ))}
            </select>
          </label>
        )}
        {data && <UntrustedText text={data.agentInstructions} />}
      </details>
    </section>
  );
}
