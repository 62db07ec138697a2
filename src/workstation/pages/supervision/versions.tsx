import { useState } from 'react';
import { SupervisionVersionsDocument, SupervisionVersionTextDocument } from '../../generated/graphql.ts';
import { useLive } from '../../live/use-live.ts';
import { Ago } from '../../parts/countdown.tsx';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { plainly } from '../../parts/marks.ts';
import { supervisionTexts as words, texts } from '../../texts.ts';
import { DiffView } from './diff-view.tsx';

/** At once, and at most. */
const [STEP, MOST] = [10, 100];

/** What was set before, newest first; each can be compared with the text in the editor, and put there. */
export function Versions({
  teamId,
  version,
  text,
  onRestore,
}: {
  teamId: string;
  version: number;
  text: string;
  /** null: the reader may set nothing. */
  onRestore: ((yaml: string) => void) | null;
}) {
  const [first, setFirst] = useState(STEP);
  const [shown, setShown] = useState<number | null>(null);
  const { data, fault, read } = useLive(
    SupervisionVersionsDocument,
    { id: teamId, first },
    { on: ({ type, teamId: of }) => type === 'configuration_changed' && of === teamId, pause: version === 0 },
  );
  const list = data?.supervisionVersions;
  return (
    <section className="card" aria-labelledby="versions-title">
      <h2 id="versions-title">{words.versionsTitle}</h2>
      {fault && <FaultNotice fault={fault} stale={data !== undefined} onRetry={read} />}
      {version === 0 && <p className="faint">{words.noVersions}</p>}
      <ol className="versions" reversed>
        {list?.nodes.map((each) => (
          <li key={each.version} value={each.version}>
            {words.versionLine(plainly(each.setBy.name))}
            <Ago at={each.createdAt} />{' '}
            <button
              type="button"
              className="quiet"
              aria-expanded={shown === each.version}
              onClick={() => setShown(shown === each.version ? null : each.version)}
            >
              {words.show(each.version)}
            </button>
            {shown === each.version && (
              <OneVersion teamId={teamId} version={each.version} text={text} onRestore={onRestore} />
            )}
          </li>
        ))}
      </ol>
      {list?.pageInfo.hasNextPage && first < MOST && (
        <button type="button" onClick={() => setFirst(Math.min(MOST, first + 3 * STEP))}>
          {words.more}
        </button>
      )}
    </section>
  );
}

function OneVersion({
  teamId,
  version,
  text,
  onRestore,
}: {
  teamId: string;
  version: number;
  text: string;
  onRestore: ((yaml: string) => void) | null;
}) {
  const { data, fault, read } = useLive(SupervisionVersionTextDocument, {
    id: teamId,
    after: String(version + 1),
  });
  const yaml = data?.supervisionVersions.nodes[0]?.yaml;
  if (fault) return <FaultNotice fault={fault} onRetry={read} />;
  if (yaml === undefined) return <p role="status">{texts.loading}</p>;
  return (
    <>
      <p>{words.versionDiff(version)}</p>
      <DiffView before={yaml} after={text} />
      {onRestore && (
        <button type="button" onClick={() => onRestore(yaml)}>
          {words.restore(version)}
        </button>
      )}
    </>
  );
}
