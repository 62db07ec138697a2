import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { SessionRowFragment } from '../../generated/graphql.ts';
import { SessionsDocument, SessionsOfAgentDocument, TeamChoicesDocument } from '../../generated/graphql.ts';
import type { FeedEvent } from '../../live/feed.ts';
import { useLive } from '../../live/use-live.ts';
import { Ago, Countdown } from '../../parts/countdown.tsx';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { ListPages, pageArguments } from '../../parts/list-pages.tsx';
import { plainly } from '../../parts/marks.ts';
import { Page } from '../../parts/page.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { sessionsTexts as words, texts, worded } from '../../texts.ts';
import { type SessionsSearch, sessionStatuses } from './search.ts';
import '../../parts/pages.css';
import './sessions.css';

const PAGE = 50;

/** Everything that a row of the list shows follows from these. */
const changesSessions = ({ type }: FeedEvent): boolean =>
  /^(session|intervention|task|escalation|timeout|conversation)_/.test(type);

export default function SessionsPage() {
  const search = useSearch({ from: '/sessions' });
  const navigate = useNavigate();
  const go = (next: SessionsSearch) => void navigate({ to: '/sessions', search: next, replace: true });
  return (
    <Page title={texts.pages.sessions}>
      <Filters key={search.agent ?? ''} search={search} onGo={go} />
      {search.agent === undefined ? (
        <All search={search} onGo={go} />
      ) : (
        <OfAgent search={search} agent={search.agent} onGo={go} />
      )}
    </Page>
  );
}

interface Listed {
  search: SessionsSearch;
  onGo: (next: SessionsSearch) => void;
}

function All({ search, onGo }: Listed) {
  const { status, team } = search;
  const { data, fault, read, loading } = useLive(
    SessionsDocument,
    { status: status ?? null, teamId: team ?? null, ...pageArguments(search, PAGE) },
    { on: changesSessions },
  );
  return (
    <>
      {fault && <FaultNotice fault={fault} stale={data !== undefined} onRetry={read} />}
      {data === undefined && loading && <p role="status">{texts.loading}</p>}
      {data && (
        <>
          <p className="faint">{words.count(data.sessions.totalCount)}</p>
          <Rows sessions={data.sessions.nodes} none={words.none} />
          <ListPages
            of={texts.pages.sessions}
            info={data.sessions.pageInfo}
            at={search}
            onGo={(page) => onGo({ ...search, after: undefined, before: undefined, ...page })}
          />
        </>
      )}
    </>
  );
}

/** The API knows an agent's sessions by what it asked in them. */
function OfAgent({ search, agent, onGo }: Listed & { agent: string }) {
  const { status, team } = search;
  const { data, fault, read, loading } = useLive(
    SessionsOfAgentDocument,
    { filter: { agentName: agent, teamId: team ?? null }, ...pageArguments(search, PAGE) },
    { on: changesSessions },
  );
  const distinct = new Map(data?.interventions.nodes.map(({ session }) => [session.id, session]));
  const sessions = [...distinct.values()].filter((each) => status === undefined || each.status === status);
  return (
    <>
      {fault && <FaultNotice fault={fault} stale={data !== undefined} onRetry={read} />}
      {data === undefined && loading && <p role="status">{texts.loading}</p>}
      <p className="faint">{words.agentHint}</p>
      {data && (
        <>
          <Rows
            sessions={sessions}
            none={data.interventions.pageInfo.hasNextPage ? words.noneHere : words.none}
          />
          <ListPages
            of={texts.pages.sessions}
            info={data.interventions.pageInfo}
            at={search}
            onGo={(page) => onGo({ ...search, after: undefined, before: undefined, ...page })}
          />
        </>
      )}
    </>
  );
}

function Filters({ search, onGo }: Listed) {
  const { data } = useLive(
    TeamChoicesDocument,
    {},
    { on: ({ type }) => /^(team|project)_created$/.test(type) },
  );
  const change = (changed: SessionsSearch) =>
    onGo({ ...search, after: undefined, before: undefined, ...changed });
  return (
    <form
      className="filters"
      role="search"
      aria-label={words.filters}
      onSubmit={(event) => {
        event.preventDefault();
        const agent = String(new FormData(event.currentTarget).get('agent') ?? '').trim();
        change({ agent: agent === '' ? undefined : agent });
      }}
    >
      <label>
        {words.status}
        <select
          value={search.status ?? ''}
          onChange={({ target }) =>
            change({ status: sessionStatuses.find((status) => status === target.value) })
          }
        >
          <option value="">{words.anyStatus}</option>
          {sessionStatuses.map((status) => (
            <option key={status} value={status}>
              {worded(status)}
            </option>
          ))}
        </select>
      </label>
      <label>
        {words.team}
        <select
          value={search.team ?? ''}
          onChange={({ target }) => change({ team: target.value || undefined })}
        >
          <option value="">{words.anyTeam}</option>
          {data?.projects.map((project) => (
            <optgroup key={project.id} label={plainly(project.name)}>
              {project.teams.map((team) => (
                <option key={team.id} value={team.id}>
                  {plainly(team.name)}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </label>
      <label>
        {words.agent}
        <input
          name="agent"
          type="search"
          maxLength={200}
          defaultValue={search.agent ?? ''}
          onBlur={({ currentTarget }) => {
            if (currentTarget.value.trim() !== (search.agent ?? '')) currentTarget.form?.requestSubmit();
          }}
        />
      </label>
    </form>
  );
}

function Rows({ sessions, none }: { sessions: readonly SessionRowFragment[]; none: string }) {
  if (sessions.length === 0) return <p>{none}</p>;
  return (
    <ul className="plain-list" data-list="sessions">
      {sessions.map((session) => (
        <Row key={session.id} session={session} />
      ))}
    </ul>
  );
}

function Row({ session }: { session: SessionRowFragment }) {
  const { id, status, initialMessage, failureReason, team, lastActivity, currentIntervention } = session;
  return (
    <li className="card session-row" data-session={id}>
      <div className="row-head">
        <Link to="/sessions/$id" params={{ id }} className="session-name">
          <UntrustedText text={firstLine(initialMessage)} inline />
        </Link>
        <StateBadge state={status} />
      </div>
      {currentIntervention && (
        <p className="break">
          {words.waitsFor}{' '}
          <Link to="/interventions/$id" params={{ id: currentIntervention.id }}>
            <UntrustedText text={firstLine(currentIntervention.message)} inline />
          </Link>{' '}
          <Countdown
            expiresAt={currentIntervention.expiresAt}
            createdAt={currentIntervention.createdAt}
            frozen={currentIntervention.frozen}
          />
        </p>
      )}
      {failureReason != null && (
        <p className="break">
          <UntrustedText text={firstLine(failureReason)} inline />
        </p>
      )}
      {status === 'HALTED' && <p>{words.halted}</p>}
      <p className="faint">
        <Link to="/teams/$id" params={{ id: team.id }}>
          <UntrustedText text={team.name} inline />
        </Link>{' '}
        · {session.runner === 'external' ? words.external : <UntrustedText text={session.runner} inline />} ·{' '}
        <Ago at={lastActivity} />
      </p>
    </li>
  );
}

/** As much of a text as names it in a list. */
function firstLine(text: string): string {
  const line = text.trim().split('\n')[0] ?? '';
  const letters = [...line];
  return letters.length > 160 ? `${letters.slice(0, 160).join('')} …` : line;
}
