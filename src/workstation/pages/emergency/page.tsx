import { Link, useParams } from '@tanstack/react-router';
import { StopPlaceDocument, StoppedProjectsDocument } from '../../generated/graphql.ts';
import type { FeedEvent } from '../../live/feed.ts';
import { useLive } from '../../live/use-live.ts';
import { Ago } from '../../parts/countdown.tsx';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { Page } from '../../parts/page.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { emergencyTexts as words, partTexts, texts, worded } from '../../texts.ts';
import { ProjectStop } from './project-stop.tsx';
import '../../parts/pages.css';

const movesStops = ({ type }: FeedEvent): boolean =>
  /^(emergency_stop|recovery)_|^project_created$/.test(type);

/** Of every project; or of one, named by its own id or by a stop's. */
export default function EmergencyPage() {
  const { id } = useParams({ strict: false });
  if (id === undefined) return <AllProjects />;
  return id.startsWith('stop_') ? <OfStop id={id} /> : <OneProject id={id} />;
}

function AllProjects() {
  const { data, fault, read, loading } = useLive(StoppedProjectsDocument, {}, { on: movesStops });
  const only = data?.projects.length === 1 ? data.projects[0] : undefined;
  if (only) return <OneProject id={only.id} />;
  return (
    <Page title={texts.pages.emergency}>
      {fault && <FaultNotice fault={fault} stale={data !== undefined} onRetry={read} />}
      {!data && loading && <p role="status">{texts.loading}</p>}
      {data?.projects.length === 0 && <p>{partTexts.noProjects}</p>}
      <ul className="plain-list">
        {data?.projects.map(({ id, name, emergency: { stop, recovery } }) => (
          <li key={id} className="card" data-project={id}>
            <p className="row-head">
              <Link to="/emergency/$id" params={{ id }}>
                <UntrustedText text={name} inline />
              </Link>
              <span className={stop ? 'badge badge-bad' : 'badge badge-good'}>
                {stop ? words.stopped : words.running}
              </span>
              {stop && (
                <span className="faint">
                  <Ago at={stop.createdAt} />
                </span>
              )}
              {recovery && (
                <Link to="/recovery/$id" params={{ id: recovery.id }}>
                  {words.recovery.open(worded(recovery.status))}
                </Link>
              )}
              {stop && <StateBadge state={stop.severity} />}
            </p>
          </li>
        ))}
      </ul>
    </Page>
  );
}

function OfStop({ id }: { id: string }) {
  const { data, fault, read } = useLive(StopPlaceDocument, { id });
  const projectId = data?.node && 'projectId' in data.node ? data.node.projectId : undefined;
  if (projectId !== undefined) return <OneProject id={projectId} />;
  return (
    <Page title={texts.pages.emergency}>
      {fault && <FaultNotice fault={fault} onRetry={read} />}
      {data && <p>{words.missing}</p>}
    </Page>
  );
}

const OneProject = ({ id }: { id: string }) => (
  <Page title={texts.pages.emergency} aside={<Link to="/emergency">{words.allProjects}</Link>}>
    <ProjectStop projectId={id} />
  </Page>
);
