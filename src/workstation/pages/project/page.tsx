import './project.css';
import { Link, useParams } from '@tanstack/react-router';
import { type BudgetLimitType, ProjectPageDocument, type ProjectPageQuery } from '../../generated/graphql.ts';
import { useLive } from '../../live/use-live.ts';
import { measureOf } from '../../parts/budget-line.tsx';
import { Ago } from '../../parts/countdown.tsx';
import { amount, unitsOf } from '../../parts/decimal.ts';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { plainly } from '../../parts/marks.ts';
import { Page } from '../../parts/page.tsx';
import { ScrollRegion } from '../../parts/scroll-region.tsx';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { projectTexts as words, texts, worded } from '../../texts.ts';

type Project = NonNullable<ProjectPageQuery['project']>;

/** What moves nothing of what stands here. */
const ELSEWHERE = /^(conversation_|task_|notification_|api_key_|user_|slack_|session_)/;

export default function ProjectPage() {
  const { id = '' } = useParams({ strict: false });
  const { data, fault, read } = useLive(
    ProjectPageDocument,
    { id },
    { on: ({ type, projectId }) => projectId === id && !ELSEWHERE.test(type) },
  );
  const project = data?.project;
  return (
    <Page title={project ? plainly(project.name) : texts.pages.project}>
      {fault && <FaultNotice fault={fault} stale={data !== undefined} onRetry={read} />}
      {!data && !fault && <p role="status">{texts.loading}</p>}
      {data && !project && <p>{words.missing}</p>}
      {project && <Told project={project} />}
    </Page>
  );
}

function Told({ project }: { project: Project }) {
  const { id, createdAt, emergency, teams, budget } = project;
  return (
    <>
      {emergency.stop ? (
        <div className="notice notice-bad">
          <p>
            <strong>
              {words.stopped} · {worded(emergency.stop.severity)}
            </strong>{' '}
            <Ago at={emergency.stop.createdAt} />
          </p>
          <UntrustedText text={emergency.stop.stopReason} />
          <p>
            <Link to="/emergency/$id" params={{ id }}>
              {words.stop}
            </Link>
          </p>
        </div>
      ) : (
        <p className="faint">{words.running}</p>
      )}
      <section className="card">
        <h2>{words.teams}</h2>
        {teams.length === 0 && <p>{words.noTeams}</p>}
        <ul className="project-teams">
          {teams.map(({ id: teamId, name, supervisionVersion, status }) => (
            <li key={teamId}>
              <Link to="/teams/$id" params={{ id: teamId }}>
                <UntrustedText text={name} inline />
              </Link>
              <span className="faint">
                {words.pending(status.pendingInterventions, status.pendingApprovals)}
              </span>
              <span>
                <Link to="/supervision/$id" params={{ id: teamId }}>
                  {words.supervision}
                </Link>{' '}
                <span className="faint">{words.version(supervisionVersion)}</span>
              </span>
            </li>
          ))}
        </ul>
      </section>
      <section className="card">
        <h2>{words.budget}</h2>
        <ScrollRegion label={words.budget}>
          <table>
            <thead>
              <tr>
                {[words.line, words.used, words.reserved, words.limit, words.remaining].map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {budget.lines.map(({ limitType, used, reserved, limit, overridden, remaining }) => (
                <tr key={limitType}>
                  <th scope="row">{words.lines[limitType] ?? limitType}</th>
                  <td>{figure(used, limitType)}</td>
                  <td>{figure(reserved, limitType)}</td>
                  <td>
                    {figure(limit, limitType)}
                    {Number(overridden) > 0 && ` + ${figure(overridden, limitType)}`}
                  </td>
                  <td>{figure(remaining, limitType)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollRegion>
        <p className="faint">{words.zone(plainly(budget.timeZone))}</p>
        <p>
          <Link to="/budgets/$id" params={{ id }}>
            {words.all}
          </Link>
        </p>
      </section>
      <section className="card">
        <h2>{words.elsewhere}</h2>
        <ul className="project-links">
          <li>
            <Link to="/events" search={{ project: id }}>
              {words.events}
            </Link>
          </li>
          <li>
            <Link to="/analytics" search={{ project: id }}>
              {words.analytics}
            </Link>
          </li>
          <li>
            <Link to="/keys">{words.keys}</Link>
          </li>
        </ul>
        <dl className="facts">
          <dt>{words.id}</dt>
          <dd>
            <code>{id}</code>
          </dd>
          <dt>{words.made}</dt>
          <dd>
            <Ago at={createdAt} />
          </dd>
        </dl>
      </section>
    </>
  );
}

const figure = (decimal: string, limitType: BudgetLimitType): string =>
  amount(unitsOf(decimal), measureOf(limitType));
