import { Link, useParams } from '@tanstack/react-router';
import { SessionPageDocument } from '../../generated/graphql.ts';
import { useLive } from '../../live/use-live.ts';
import { Ago, Countdown } from '../../parts/countdown.tsx';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { Page } from '../../parts/page.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { instant } from '../../parts/time.ts';
import { UntrustedJson } from '../../parts/untrusted-json.tsx';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { sessionsTexts, texts, worded } from '../../texts.ts';
import { Actions, type ShownSession } from './actions.tsx';
import { Timeline } from './timeline-list.tsx';
import '../../parts/pages.css';
import './session.css';

const words = sessionsTexts.one;

export default function SessionPage() {
  const { id } = useParams({ from: '/sessions/$id' });
  const { data, fault, read, loading } = useLive(
    SessionPageDocument,
    { id },
    { on: ({ sessionId }) => sessionId === id },
  );
  const session = data?.session;
  return (
    <Page title={texts.pages.session} aside={session && <StateBadge state={session.status} />}>
      {fault && <FaultNotice fault={fault} stale={data !== undefined} onRetry={read} />}
      {!data && loading && <p role="status">{texts.loading}</p>}
      {data && !session && <p>{words.missing}</p>}
      {session && (
        <>
          <About session={session} />
          <Pending session={session} />
          <section className="card" aria-labelledby="actions">
            <h2 id="actions">{words.actions}</h2>
            <Actions session={session} />
          </section>
          <Conversation session={session} />
          <Timeline id={id} turns={session.conversationHistory} />
          <Work session={session} />
          <Values session={session} />
        </>
      )}
    </Page>
  );
}

/** Where nothing but approvals can be pending: its other agents go on meanwhile. */
const AT_WORK: readonly string[] = [
  'ACTIVE',
  'PROCESSING_INTERVENTION',
  'CONTINUING_ASYNC',
  'WAITING_FOR_HUMAN',
];

function About({ session }: { session: ShownSession }) {
  const { status, failureReason, team } = session;
  const waiting = session.approvals.nodes.filter((each) => each.status === 'PENDING').length;
  return (
    <section className="card" aria-label={words.facts}>
      <p>
        <strong>{words.why[status]}</strong>
        {waiting > 0 && AT_WORK.includes(status) && <> {words.waitsToo(waiting)}</>}
        {status === 'HALTED' && (
          <>
            {' '}
            <Link to="/emergency/$id" params={{ id: session.projectId }}>
              {words.toStop}
            </Link>
          </>
        )}
      </p>
      {failureReason != null && (
        <div>
          <span className="faint">{words.reason}</span> <UntrustedText text={failureReason} />
        </div>
      )}
      <h2>{words.message}</h2>
      <UntrustedText text={session.initialMessage} />
      <dl className="facts">
        <dt>{words.team}</dt>
        <dd>
          <Link to="/teams/$id" params={{ id: team.id }}>
            <UntrustedText text={team.name} inline />
          </Link>
        </dd>
        <dt>{words.runner}</dt>
        <dd>
          {session.runner === 'external' ? (
            sessionsTexts.external
          ) : (
            <UntrustedText text={session.runner} inline />
          )}
        </dd>
        <dt>{words.began}</dt>
        <dd>{instant(session.createdAt)}</dd>
        <dt>{words.activity}</dt>
        <dd>
          <Ago at={session.lastActivity} />
        </dd>
        <dt>{words.id}</dt>
        <dd>
          <code>{session.id}</code>
        </dd>
      </dl>
    </section>
  );
}

function Pending({ session }: { session: ShownSession }) {
  const interventions = session.interventions.nodes.filter(({ status }) => status === 'PENDING');
  const approvals = session.approvals.nodes.filter(({ status }) => status === 'PENDING');
  const missed = [session.interventions, session.approvals].find(
    ({ nodes, totalCount }) => nodes.length < totalCount,
  );
  return (
    <section className="card" aria-labelledby="pending">
      <h2 id="pending">{words.pending}</h2>
      {interventions.length + approvals.length === 0 && <p className="faint">{words.nothingPending}</p>}
      <ul className="plain-list">
        {interventions.map((item) => (
          <li key={item.id}>
            <span className="badge">{worded(item.type)}</span>{' '}
            <Link to="/interventions/$id" params={{ id: item.id }}>
              <UntrustedText text={item.message} inline />
            </Link>{' '}
            <Countdown expiresAt={item.expiresAt} createdAt={item.createdAt} frozen={item.frozen} />
          </li>
        ))}
        {approvals.map((item) => (
          <li key={item.id}>
            <span className="badge">{worded(item.kind)}</span>{' '}
            <Link to="/approvals/$id" params={{ id: item.id }}>
              <UntrustedText text={item.summary} inline />
            </Link>{' '}
            <Countdown expiresAt={item.expiresAt} createdAt={item.createdAt} frozen={item.frozen} />
          </li>
        ))}
      </ul>
      {missed && <p className="faint">{words.someOfRequests(missed.nodes.length, missed.totalCount)}</p>}
    </section>
  );
}

function Conversation({ session: { conversationHistory: turns } }: { session: ShownSession }) {
  return (
    <section className="card" aria-labelledby="conversation">
      <h2 id="conversation">{words.conversation}</h2>
      {turns.length === 0 && <p className="faint">{words.noConversation}</p>}
      {turns.length >= 1_000 && <p className="faint">{words.conversationNewest}</p>}
      <ol className="turns">
        {turns.map((turn, index) => (
          <li key={`${turn.timestamp} ${index}`}>
            <p className="row-head">
              <strong>
                <UntrustedText text={turn.agentName} inline />
              </strong>
              <time className="faint" dateTime={turn.timestamp}>
                {instant(turn.timestamp)}
              </time>
            </p>
            <p className="faint">{words.input}</p>
            <UntrustedText text={turn.input} />
            <p className="faint">{words.response}</p>
            <UntrustedText text={turn.response} />
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Agents of this session, and what they were given to do. */
function Work({ session }: { session: ShownSession }) {
  const { tasks, team } = session;
  const names = new Set(
    [...tasks, ...session.interventions.nodes, ...session.conversationHistory].map(
      ({ agentName }) => agentName,
    ),
  );
  const agents = team.agents.filter(({ name }) => names.has(name));
  return (
    <>
      <section className="card" aria-labelledby="agents">
        <h2 id="agents">{words.agents}</h2>
        {agents.length === 0 ? (
          <p className="faint">{words.noAgents}</p>
        ) : (
          <p className="faint">{words.agentsHint}</p>
        )}
        <ul className="plain-list">
          {agents.map((agent) => (
            <li key={agent.id} className="row-head">
              <strong>
                <UntrustedText text={agent.name} inline />
              </strong>
              <span className="faint">{worded(agent.type)}</span>
              <StateBadge state={agent.status} />
            </li>
          ))}
        </ul>
      </section>
      <section className="card" aria-labelledby="tasks">
        <h2 id="tasks">{words.tasks}</h2>
        {tasks.length === 0 && <p className="faint">{words.noTasks}</p>}
        <ul className="plain-list">
          {tasks.map((task) => (
            <li key={task.id} className="stack">
              <p className="row-head">
                <StateBadge state={task.status} />
                <span>
                  <UntrustedText text={words.taskFor(task.agentName)} inline />
                </span>
                <span className="faint">
                  <Ago at={task.updatedAt} />
                </span>
              </p>
              <UntrustedText text={task.instructions} />
              {task.result != null && <UntrustedJson label={words.result} value={task.result} />}
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

function Values({ session: { result, context } }: { session: ShownSession }) {
  return (
    <section className="card" aria-labelledby="values">
      <h2 id="values">{words.values}</h2>
      <UntrustedJson label={words.context} value={context} />
      {result == null ? (
        <p className="faint">{words.noResult}</p>
      ) : (
        <UntrustedJson label={words.result} value={result} />
      )}
    </section>
  );
}
