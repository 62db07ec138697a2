import './supervision.css';
import { Link, useParams } from '@tanstack/react-router';
import { SupervisionTeamsDocument } from '../../generated/graphql.ts';
import { useLive } from '../../live/use-live.ts';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { Page } from '../../parts/page.tsx';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { supervisionTexts as words, texts } from '../../texts.ts';
import { TeamSupervision } from './team-supervision.tsx';

export default function SupervisionPage() {
  const { id } = useParams({ strict: false });
  return id === undefined ? <Teams /> : <TeamSupervision key={id} id={id} />;
}

function Teams() {
  const { data, fault, read } = useLive(
    SupervisionTeamsDocument,
    {},
    { on: ({ type }) => ['project_created', 'team_created', 'configuration_changed'].includes(type) },
  );
  const projects = data?.projects ?? [];
  return (
    <Page title={texts.pages.supervision}>
      <p className="faint">{words.lead}</p>
      {fault && <FaultNotice fault={fault} stale={data !== undefined} onRetry={read} />}
      {data === undefined && !fault && <p role="status">{texts.loading}</p>}
      {data && projects.every(({ teams }) => teams.length === 0) && <p>{words.noTeams}</p>}
      {projects
        .filter(({ teams }) => teams.length > 0)
        .map((project) => (
          <section key={project.id} className="card">
            <h2>
              <Link to="/projects/$id" params={{ id: project.id }}>
                <UntrustedText text={project.name} inline />
              </Link>
            </h2>
            <ul className="team-list">
              {project.teams.map(({ id, name, supervisionVersion }) => (
                <li key={id}>
                  <Link to="/supervision/$id" params={{ id }}>
                    <UntrustedText text={name} inline />
                  </Link>{' '}
                  <span className="faint">
                    {supervisionVersion === 0 ? words.none : words.version(supervisionVersion)}
                  </span>
                </li>
              ))}
            </ul>
          </section>
        ))}
    </Page>
  );
}
