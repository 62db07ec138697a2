import { Link } from '@tanstack/react-router';
import { useEffect, useEffectEvent, useState } from 'react';
import { type EmergencyProjectQuery, EmergencyProjectDocument } from '../../generated/graphql.ts';
import { useNow } from '../../live/clock.ts';
import { useViewer } from '../../live/context.tsx';
import { useLive } from '../../live/use-live.ts';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { instant } from '../../parts/time.ts';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { emergencyTexts as words, partTexts, texts, worded } from '../../texts.ts';
import { StopHistory } from './stop-history.tsx';
import { StopDialog } from './stop-dialog.tsx';

type Project = NonNullable<EmergencyProjectQuery['project']>;
type Stop = NonNullable<Project['emergency']['stop']>;

/** Of the sessions and tasks that a stop halted, so many are shown by name. */
const SHOWN = 50;

/** How a stop from here was answered, and whether it has been read since. */
interface Told {
  message: string;
  seen: boolean;
}

export function ProjectStop({ projectId }: { projectId: string }) {
  const viewer = useViewer();
  const [stopping, setStopping] = useState(false);
  const [told, setTold] = useState<Told | null>(null);
  const { data, fault, read, loading } = useLive(
    EmergencyProjectDocument,
    { id: projectId },
    {
      on: (event) =>
        event.projectId === projectId && /^(emergency_stop|recovery|session_status|task)_/.test(event.type),
    },
  );
  const project = data?.project;
  const stop = project?.emergency.stop;
  if (told && !told.seen && stop) setTold({ ...told, seen: true });
  // What was answered is the newer news, until it is read: the page says one thing.
  const stopped = Boolean(stop) || told?.seen === false;
  return (
    <>
      {fault && <FaultNotice fault={fault} stale={data !== undefined} onRetry={read} />}
      {!data && loading && <p role="status">{texts.loading}</p>}
      {data && !project && <p>{words.missing}</p>}
      {project && (
        <section className="card" aria-labelledby="state">
          <h2 id="state">
            <UntrustedText text={project.name} inline />
          </h2>
          <p className="row-head">
            <span className={stopped ? 'badge badge-bad' : 'badge badge-good'}>
              {stopped ? words.stopped : words.running}
            </span>
            <strong>{stopped ? words.stands : words.runs}</strong>
          </p>
          {told !== null && stopped && <p role="status">{told.message}</p>}
          {stop ? (
            <InForce stop={stop} />
          ) : stopped ? (
            <p>{texts.loading}</p>
          ) : viewer.has('OPERATOR') ? (
            <div className="actions">
              <button type="button" className="danger" onClick={() => setStopping(true)}>
                {words.stop.button}
              </button>
            </div>
          ) : (
            <p className="faint">{partTexts.needsRole('OPERATOR')}</p>
          )}
        </section>
      )}
      {stop && <WhatHalted stop={stop} onRead={read} />}
      {project && <StopHistory projectId={projectId} />}
      {project && stopping && (
        <StopDialog
          project={project}
          onClose={(message) => {
            setStopping(false);
            if (message !== undefined) {
              setTold({ message, seen: false });
              read();
            }
          }}
        />
      )}
    </>
  );
}

function InForce({ stop }: { stop: Stop }) {
  const viewer = useViewer();
  const { recoverySession: recovery } = stop;
  const over = recovery && ['COMPLETED', 'REJECTED', 'CANCELLED'].includes(recovery.status);
  return (
    <>
      <dl className="facts">
        <dt>{words.since}</dt>
        <dd>{instant(stop.createdAt)}</dd>
        <dt>{words.by}</dt>
        <dd>
          <UntrustedText text={stop.triggeredBy.name} inline />
        </dd>
        <dt>{words.severity}</dt>
        <dd>
          <StateBadge state={stop.severity} />
        </dd>
        <dt>{words.conditions}</dt>
        <dd>{stop.triggeredConditions.map((condition) => words.condition[condition]).join(', ')}</dd>
        <dt>{words.reason}</dt>
        <dd>
          <UntrustedText text={stop.stopReason} />
        </dd>
      </dl>
      <div className="actions">
        {recovery && (
          <Link className="button" to="/recovery/$id" params={{ id: recovery.id }}>
            {words.recovery.go} ({worded(recovery.status)})
          </Link>
        )}
        {(!recovery || over) && (
          <Link className="button" to="/recovery/$id" params={{ id: stop.projectId }}>
            {words.recovery.begin}
          </Link>
        )}
      </div>
      {!viewer.has('MANAGER') && <p className="faint">{words.recovery.need}</p>}
    </>
  );
}

function WhatHalted({ stop, onRead }: { stop: Stop; onRead: () => void }) {
  const { stoppedSessions: sessions, stoppedTasks: tasks, haltedAt, runningSessions } = stop;
  return (
    <section className="card" aria-labelledby="halted">
      <h2 id="halted">{words.halt.title}</h2>
      <p role="status">
        {haltedAt == null
          ? words.halt.waiting(sessions.length - runningSessions, sessions.length)
          : words.halt.confirmed(instant(haltedAt))}
      </p>
      {haltedAt == null && (
        <>
          <progress
            aria-label={words.halt.title}
            max={Math.max(1, sessions.length)}
            value={sessions.length - runningSessions}
          />
          <EachSecond read={onRead} />
        </>
      )}
      {sessions.length + tasks.length === 0 && <p className="faint">{words.halt.nothing}</p>}
      {sessions.length > 0 && (
        <details>
          <summary>
            {words.halt.sessions}: {byState(sessions)}
          </summary>
          <ul className="plain-list">
            {sessions.slice(0, SHOWN).map(({ id, status, initialMessage }) => (
              <li key={id} className="row-head">
                <StateBadge state={status} />
                <Link to="/sessions/$id" params={{ id }} className="break">
                  <UntrustedText text={initialMessage.slice(0, 160)} inline />
                </Link>
              </li>
            ))}
          </ul>
          {sessions.length > SHOWN && <p className="faint">{words.halt.first(SHOWN, sessions.length)}</p>}
        </details>
      )}
      {tasks.length > 0 && (
        <details>
          <summary>
            {words.halt.tasks}: {byState(tasks)}
          </summary>
          <ul className="plain-list">
            {tasks.slice(0, SHOWN).map(({ id, status, agentName, sessionId }) => (
              <li key={id} className="row-head">
                <StateBadge state={status} />
                <Link to="/sessions/$id" params={{ id: sessionId }}>
                  <UntrustedText text={agentName} inline />
                </Link>
              </li>
            ))}
          </ul>
          {tasks.length > SHOWN && <p className="faint">{words.halt.first(SHOWN, tasks.length)}</p>}
        </details>
      )}
    </section>
  );
}

/** Each confirmation by itself writes no event: while some are awaited, they are asked for. */
function EachSecond({ read }: { read: () => void }) {
  const now = useNow();
  const ask = useEffectEvent(read);
  useEffect(() => ask(), [now]);
  return null;
}

function byState(items: readonly { status: string }[]): string {
  const counts = new Map<string, number>();
  for (const { status } of items) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts]
    .map(([status, count]) => words.halt.states(count, worded(status).toLowerCase()))
    .join(', ');
}
