import { StopPreviewDocument, type TeamTasksQuery, TeamTasksDocument } from '../../generated/graphql.ts';
import type { FeedEvent } from '../../live/feed.ts';
import { useLive } from '../../live/use-live.ts';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { emergencyTexts, texts } from '../../texts.ts';

const words = emergencyTexts.stop;
const FINISHED = new Set(['COMPLETED', 'FAILED', 'REJECTED', 'CANCELLED']);

/** Open tasks of the sessions shown; `atLeast` where a page did not hold all of them. */
export function openTasks(
  lists: readonly { totalCount: number; nodes: readonly { tasks: readonly { status: string }[] }[] }[],
) {
  return {
    count: lists
      .flatMap(({ nodes }) => nodes)
      .flatMap(({ tasks }) => tasks)
      .filter(({ status }) => !FINISHED.has(status)).length,
    atLeast: lists.some(({ nodes, totalCount }) => nodes.length < totalCount),
  };
}

/** What a stop would halt and freeze if it came now, kept true while it is looked at. */
export function StopPreview({ projectId }: { projectId: string }) {
  const moves = (event: FeedEvent) => event.projectId === projectId;
  const { data, fault, read } = useLive(StopPreviewDocument, { projectId }, { on: moves });
  const teams = data?.project?.teams ?? [];
  const sum = (of: (status: (typeof teams)[number]['status']) => number) =>
    teams.reduce((total, { status }) => total + of(status), 0);
  const calls = data?.notStarted.nodes.filter(
    (call) => call.__typename === 'AgentCallApproval' && call.startedAt == null && !call.responseApproval,
  );
  return (
    <section className="notice" aria-label={words.preview}>
      <h3>{words.preview}</h3>
      {fault && <FaultNotice fault={fault} stale={data !== undefined} onRetry={read} />}
      {!data && <p role="status">{texts.loading}</p>}
      {data && (
        <>
          <ul>
            <li>{words.sessionsRunning(sum((status) => status.activeSessions))}</li>
            <li>{words.sessionsWaiting(sum((status) => status.waitingSessions))}</li>
            <li>{words.requests(data.interventions.totalCount)}</li>
            <li>{words.approvals(data.approvals.totalCount)}</li>
            <li>
              {words.calls(calls?.length ?? 0, data.notStarted.totalCount > data.notStarted.nodes.length)}
            </li>
          </ul>
          {teams.length === 0 ? (
            <p>{words.noTeams}</p>
          ) : (
            <table>
              <thead>
                <tr>
                  <th scope="col">{words.team}</th>
                  <th scope="col">{words.active}</th>
                  <th scope="col">{words.waits}</th>
                  <th scope="col">{words.tasks}</th>
                </tr>
              </thead>
              <tbody>
                {teams.map(({ id, name, status }) => (
                  <tr key={id}>
                    <th scope="row">
                      <UntrustedText text={name} inline />
                    </th>
                    <td>{status.activeSessions}</td>
                    <td>{status.waitingSessions}</td>
                    <td>
                      <TasksOf teamId={id} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </>
      )}
    </section>
  );
}

function TasksOf({ teamId }: { teamId: string }) {
  const { data } = useLive(
    TeamTasksDocument,
    { teamId },
    { on: (event) => event.teamId === teamId && /^(session|task)_/.test(event.type) },
  );
  if (!data) return '…';
  const { active, waiting, processing, async: goingOn }: TeamTasksQuery = data;
  const { count, atLeast } = openTasks([active, waiting, processing, goingOn]);
  return atLeast ? words.atLeast(count) : count;
}
