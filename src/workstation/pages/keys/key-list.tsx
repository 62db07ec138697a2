import { useState } from 'react';
import { type KeyFieldsFragment, KeysDocument } from '../../generated/graphql.ts';
import { useNow } from '../../live/clock.ts';
import { useViewer } from '../../live/context.tsx';
import { useLive } from '../../live/use-live.ts';
import { Ago } from '../../parts/countdown.tsx';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { ListPages, type PageAt, pageArguments } from '../../parts/list-pages.tsx';
import { plainly } from '../../parts/marks.ts';
import { ScrollRegion } from '../../parts/scroll-region.tsx';
import { instant } from '../../parts/time.ts';
import { keysTexts as words, texts } from '../../texts.ts';
import { MakeKey } from './make-key.tsx';
import { type Project, projectName } from './projects.ts';
import { RevokeKey } from './revoke-key.tsx';

const SIZE = 25;

export function KeyList({ projects }: { projects: readonly Project[] }) {
  const [all, setAll] = useState(false);
  const [at, setAt] = useState<PageAt>({});
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<KeyFieldsFragment | null>(null);
  const { data, fault, read } = useLive(
    KeysDocument,
    { all, ...pageArguments(at, SIZE) },
    { on: ({ type }) => type === 'api_key_created' || type === 'api_key_revoked' },
  );
  const list = data?.apiKeys;
  return (
    <section className="card">
      <div className="list-head">
        <h2>{words.keys}</h2>
        <button type="button" className="primary" onClick={() => setMaking(true)}>
          {words.make}
        </button>
      </div>
      <p className="faint">{words.keysLead}</p>
      <label className="check">
        <input
          type="checkbox"
          checked={all}
          onChange={({ target }) => {
            setAll(target.checked);
            setAt({});
          }}
        />
        {words.ended}
      </label>
      {fault && <FaultNotice fault={fault} stale={list !== undefined} onRetry={read} />}
      {!list && !fault && <p role="status">{texts.loading}</p>}
      {list?.nodes.length === 0 && <p>{words.noKeys}</p>}
      {list && list.nodes.length > 0 && (
        <ScrollRegion label={words.keys}>
          <table>
            <thead>
              <tr>
                {[
                  words.name,
                  words.role,
                  words.project,
                  words.lastUsed,
                  words.expires,
                  words.state,
                  words.actions,
                ].map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {list.nodes.map((key) => (
                <KeyRow key={key.id} of={key} projects={projects} onRevoke={() => setRevoking(key)} />
              ))}
            </tbody>
          </table>
        </ScrollRegion>
      )}
      {list && <ListPages of={words.keys} info={list.pageInfo} at={at} onGo={setAt} />}
      {making && <MakeKey projects={projects} onClose={() => setMaking(false)} onMade={read} />}
      {revoking && <RevokeKey of={revoking} onClose={() => setRevoking(null)} onRevoked={read} />}
    </section>
  );
}

function KeyRow({
  of,
  projects,
  onRevoke,
}: {
  of: KeyFieldsFragment;
  projects: readonly Project[];
  onRevoke: () => void;
}) {
  const viewer = useViewer();
  const now = useNow();
  const expired = of.expiresAt != null && Date.parse(of.expiresAt) <= now;
  const name = plainly(of.name);
  return (
    <tr>
      <th scope="row" className="break">
        {name} {of.userId === viewer.id && <span className="badge">{words.yours}</span>}
      </th>
      <td>{texts.roles[of.role]}</td>
      <td>{projectName(projects, of.projectId)}</td>
      <td>{of.lastUsedAt ? <Ago at={of.lastUsedAt} /> : words.never}</td>
      <td>{of.expiresAt ? instant(of.expiresAt) : words.noEnd}</td>
      <td>
        {of.revokedAt ? (
          <span className="badge badge-bad" title={instant(of.revokedAt)}>
            {words.revoked}
          </span>
        ) : expired ? (
          <span className="badge badge-warn">{words.expired}</span>
        ) : (
          <span className="badge badge-good">{words.works}</span>
        )}
      </td>
      <td>
        {!of.revokedAt && (
          <button type="button" className="danger" aria-label={words.revokeOf(name)} onClick={onRevoke}>
            {words.revoke}
          </button>
        )}
      </td>
    </tr>
  );
}
