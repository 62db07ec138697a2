import { Link, useParams } from '@tanstack/react-router';
import { RecoveriesDocument } from '../../generated/graphql.ts';
import { useLive } from '../../live/use-live.ts';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { Page } from '../../parts/page.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { recoveryTexts as words, texts } from '../../texts.ts';
import { Begin } from './begin.tsx';
import { OneRecovery } from './one-recovery.tsx';
import '../../parts/pages.css';

/** All; or one, by its id; or, by a project's id, where one is begun. */
export default function RecoveryPage() {
  const { id } = useParams({ strict: false });
  return (
    <Page
      title={texts.pages.recovery}
      aside={id === undefined ? undefined : <Link to="/recovery">{words.all}</Link>}
    >
      {id === undefined ? (
        <All />
      ) : id.startsWith('project_') ? (
        <Begin projectId={id} />
      ) : (
        <OneRecovery id={id} />
      )}
    </Page>
  );
}

function All() {
  const { data, fault, read, loading } = useLive(
    RecoveriesDocument,
    {},
    { on: ({ type }) => /^(emergency_stop|recovery)_|^project_created$/.test(type) },
  );
  const stopped = data?.projects.filter(({ emergency: { stop } }) => stop != null) ?? [];
  return (
    <>
      {fault && <FaultNotice fault={fault} stale={data !== undefined} onRetry={read} />}
      {!data && loading && <p role="status">{texts.loading}</p>}
      {data && stopped.length === 0 && <p>{words.nothing}</p>}
      <ul className="plain-list">
        {stopped.map(({ id, name, emergency: { recovery } }) => (
          <li key={id} className="card" data-project={id}>
            <p className="row-head">
              <strong>
                <UntrustedText text={name} inline />
              </strong>
              {recovery ? <StateBadge state={recovery.status} /> : <span>{words.stopped}</span>}
              {recovery && (
                <Link to="/recovery/$id" params={{ id: recovery.id }}>
                  {words.progress(recovery.stepsCompleted, recovery.totalSteps)}
                </Link>
              )}
              {(!recovery || ['REJECTED', 'CANCELLED'].includes(recovery.status)) && (
                <Link to="/recovery/$id" params={{ id }}>
                  {words.begin.title}
                </Link>
              )}
              <Link to="/emergency/$id" params={{ id }}>
                {words.toStop}
              </Link>
            </p>
          </li>
        ))}
      </ul>
    </>
  );
}
