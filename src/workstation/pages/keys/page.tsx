import './keys.css';
import { Link } from '@tanstack/react-router';
import { KeysViewerDocument } from '../../generated/graphql.ts';
import { useViewer } from '../../live/context.tsx';
import { useLive } from '../../live/use-live.ts';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { plainly } from '../../parts/marks.ts';
import { Page } from '../../parts/page.tsx';
import { keysTexts as words, texts, worded } from '../../texts.ts';
import { KeyList } from './key-list.tsx';
import { PeopleList } from './people-list.tsx';
import { SlackList } from './slack-list.tsx';

export default function KeysPage() {
  const viewer = useViewer();
  const { data, fault, read } = useLive(
    KeysViewerDocument,
    {},
    { on: ({ type }) => type === 'project_created' },
  );
  const projects = data?.projects ?? [];
  return (
    <Page title={texts.pages.keys}>
      {fault && <FaultNotice fault={fault} stale={data !== undefined} onRetry={read} />}
      <section className="card">
        <h2>{words.you}</h2>
        <dl className="facts">
          <dt>{words.signedInAs}</dt>
          <dd>
            {plainly(viewer.name)} <span className="faint">{words.kinds[viewer.kind] ?? viewer.kind}</span>
          </dd>
          <dt>{words.roles}</dt>
          <dd>{viewer.roles.map(worded).join(', ')}</dd>
          <dt>{words.project}</dt>
          <dd className="places">
            {viewer.projectId === null && viewer.has('ADMIN') && <span>{words.everyProject}</span>}
            {projects.map(({ id, name }) => (
              <Link key={id} to="/projects/$id" params={{ id }}>
                {plainly(name)}
              </Link>
            ))}
          </dd>
          <dt>{words.permissions}</dt>
          <dd>
            {data?.viewer.permissions.includes('*')
              ? words.everything
              : data?.viewer.permissions.join(', ') || texts.loading}
          </dd>
        </dl>
      </section>
      {viewer.has('ADMIN') ? (
        <>
          <KeyList projects={projects} />
          <PeopleList projects={projects} />
          <SlackList projects={projects} />
        </>
      ) : (
        <p className="notice">{words.mayNot(viewer.roles.at(-1) ?? '')}</p>
      )}
    </Page>
  );
}
