import { type FormEvent, useRef, useState } from 'react';
import {
  KeysDocument,
  LinkSlackDocument,
  type LinkSlackMutation,
  SlackLinksDocument,
  UnlinkSlackDocument,
  type UnlinkSlackMutation,
} from '../../generated/graphql.ts';
import { type ChangeOutcome, newKey, useChange } from '../../live/use-change.ts';
import { useLive } from '../../live/use-live.ts';
import { Ago } from '../../parts/countdown.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { ListPages, type PageAt, pageArguments } from '../../parts/list-pages.tsx';
import { plainly } from '../../parts/marks.ts';
import { RefusalNotice } from '../../parts/refusal-notice.tsx';
import { ScrollRegion } from '../../parts/scroll-region.tsx';
import { keysTexts as words, texts } from '../../texts.ts';
import { type Project, projectName } from './projects.ts';

const SIZE = 25;
/** Keys that somebody can be linked to, the newest. */
const MOST_KEYS = 100;

export function SlackList({ projects }: { projects: readonly Project[] }) {
  const [at, setAt] = useState<PageAt>({});
  const [linking, setLinking] = useState(false);
  const [unlinking, setUnlinking] = useState<{ id: string; slackUserId: string } | null>(null);
  const { data, fault, read } = useLive(SlackLinksDocument, pageArguments(at, SIZE), {
    on: ({ type }) => type === 'slack_user_linked' || type === 'slack_user_unlinked',
  });
  const list = data?.slackUsers.nodes;
  return (
    <section className="card">
      <div className="list-head">
        <h2>{words.slack}</h2>
        <button type="button" onClick={() => setLinking(true)}>
          {words.link}
        </button>
      </div>
      <p className="faint">{words.slackLead}</p>
      {fault && <FaultNotice fault={fault} stale={list !== undefined} onRetry={read} />}
      {list?.length === 0 && <p>{words.noSlack}</p>}
      {list && list.length > 0 && (
        <ScrollRegion label={words.slack}>
          <table>
            <thead>
              <tr>
                {[words.slackUser, words.workspace, words.project, words.key, words.since, words.actions].map(
                  (name) => (
                    <th key={name} scope="col">
                      {name}
                    </th>
                  ),
                )}
              </tr>
            </thead>
            <tbody>
              {list.map((each) => (
                <tr key={each.id}>
                  <th scope="row">{plainly(each.slackUserId)}</th>
                  <td>{plainly(each.slackTeamId)}</td>
                  <td>{projectName(projects, each.projectId)}</td>
                  <td>
                    <code>{each.apiKeyId}</code>
                  </td>
                  <td>
                    <Ago at={each.createdAt} />
                  </td>
                  <td>
                    <button
                      type="button"
                      className="danger"
                      aria-label={words.unlinkOf(plainly(each.slackUserId))}
                      onClick={() => setUnlinking(each)}
                    >
                      {words.unlink}
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollRegion>
      )}
      {data && <ListPages of={words.slack} info={data.slackUsers.pageInfo} at={at} onGo={setAt} />}
      {linking && <LinkSlack onClose={() => setLinking(false)} onLinked={read} />}
      {unlinking && <UnlinkSlack of={unlinking} onClose={() => setUnlinking(null)} onUnlinked={read} />}
    </section>
  );
}

function LinkSlack({ onClose, onLinked }: { onClose: () => void; onLinked: () => void }) {
  const link = useChange(LinkSlackDocument);
  const idempotencyKey = useRef(newKey());
  const { data } = useLive(KeysDocument, { all: false, first: MOST_KEYS });
  const keys = data?.apiKeys.nodes.filter(({ userId }) => userId != null) ?? [];
  const [workspace, setWorkspace] = useState('');
  const [user, setUser] = useState('');
  const [key, setKey] = useState('');
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<ChangeOutcome<LinkSlackMutation> | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    const input = {
      slackTeamId: workspace.trim(),
      slackUserId: user.trim(),
      apiKeyId: key || (keys[0]?.id ?? ''),
      idempotencyKey: idempotencyKey.current,
    };
    const said = await link({ input }, { repeatable: true });
    setBusy(false);
    setOutcome(said);
    idempotencyKey.current = newKey();
    if (said.kind !== 'done') return;
    onLinked();
    onClose();
  };
  return (
    <Dialog title={words.linkTitle} onClose={onClose}>
      <form className="form" onSubmit={(event) => void submit(event)}>
        <p className="faint">{words.linkHint}</p>
        <label>
          {words.workspace}
          <input
            required
            value={workspace}
            placeholder={words.workspaceHint}
            onChange={({ target }) => setWorkspace(target.value)}
          />
        </label>
        <label>
          {words.slackUser}
          <input
            required
            value={user}
            placeholder={words.slackUserHint}
            onChange={({ target }) => setUser(target.value)}
          />
        </label>
        <label>
          {words.key}
          <select value={key || (keys[0]?.id ?? '')} onChange={({ target }) => setKey(target.value)}>
            {keys.map(({ id, name, role }) => (
              <option key={id} value={id}>
                {plainly(name)} · {role}
              </option>
            ))}
          </select>
        </label>
        <RefusalNotice outcome={outcome} />
        <div className="actions">
          <button type="submit" className="primary" disabled={busy || keys.length === 0}>
            {words.linkIt}
          </button>
          <button type="button" onClick={onClose}>
            {texts.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function UnlinkSlack({
  of,
  onClose,
  onUnlinked,
}: {
  of: { id: string; slackUserId: string };
  onClose: () => void;
  onUnlinked: () => void;
}) {
  const unlink = useChange(UnlinkSlackDocument);
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<ChangeOutcome<UnlinkSlackMutation> | null>(null);
  const run = async () => {
    setBusy(true);
    const said = await unlink({ id: of.id });
    setBusy(false);
    setOutcome(said);
    if (said.kind !== 'done') return;
    onUnlinked();
    onClose();
  };
  return (
    <Dialog title={words.unlinkTitle} onClose={onClose}>
      <p>{words.unlinkLead(plainly(of.slackUserId))}</p>
      <RefusalNotice outcome={outcome} />
      <div className="actions">
        <button type="button" className="danger" disabled={busy} onClick={() => void run()}>
          {words.unlinkIt}
        </button>
        <button type="button" onClick={onClose}>
          {texts.cancel}
        </button>
      </div>
    </Dialog>
  );
}
