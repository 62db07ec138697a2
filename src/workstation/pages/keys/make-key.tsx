import { type FormEvent, useRef, useState } from 'react';
import { MakeKeyDocument, type MakeKeyMutation, type Role } from '../../generated/graphql.ts';
import { useViewer } from '../../live/context.tsx';
import { type ChangeOutcome, newKey, useChange } from '../../live/use-change.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { plainly } from '../../parts/marks.ts';
import { RefusalNotice } from '../../parts/refusal-notice.tsx';
import { keysTexts as words, texts } from '../../texts.ts';
import type { Project } from './projects.ts';

const roles: readonly Role[] = ['AGENT', 'VIEWER', 'OPERATOR', 'SUPERVISOR', 'MANAGER', 'ADMIN'];

/** Two steps: what it is to be; then its secret, this once. */
export function MakeKey({
  projects,
  onClose,
  onMade,
}: {
  projects: readonly Project[];
  onClose: () => void;
  onMade: () => void;
}) {
  const viewer = useViewer();
  const make = useChange(MakeKeyDocument);
  /** One key however often it is sent: what was sent and had no answer is the same request still. */
  const idempotencyKey = useRef(newKey());
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('AGENT');
  const [project, setProject] = useState(projects[0]?.id ?? '');
  const [expires, setExpires] = useState('');
  const [missing, setMissing] = useState(false);
  const [busy, setBusy] = useState(false);
  const [waiting, setWaiting] = useState(false);
  const [outcome, setOutcome] = useState<ChangeOutcome<MakeKeyMutation> | null>(null);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() === '') return setMissing(true);
    setMissing(false);
    setBusy(true);
    const input = {
      name: name.trim(),
      role,
      projectId: project === '' ? null : project,
      expiresAt: expires === '' ? null : new Date(expires).toISOString(),
      idempotencyKey: idempotencyKey.current,
    };
    const said = await make({ input }, { repeatable: true, onWaiting: () => setWaiting(true) });
    setBusy(false);
    setWaiting(false);
    setOutcome(said);
    // What was refused made nothing, and what is said next may be something else.
    if (said.kind !== 'done') idempotencyKey.current = newKey();
    else onMade();
  };

  if (outcome?.kind === 'done') return <Made made={outcome.data.createApiKey} onClose={onClose} />;
  return (
    <Dialog title={words.makeTitle} onClose={onClose}>
      <form className="form" onSubmit={(event) => void submit(event)}>
        <label>
          {words.name}
          <input
            value={name}
            maxLength={200}
            aria-invalid={missing}
            aria-describedby="make-key-name"
            autoComplete="off"
            onChange={({ target }) => setName(target.value)}
          />
        </label>
        <p id="make-key-name" className={missing ? 'form-fault' : 'faint'}>
          {missing ? words.nameMissing : words.nameHint}
        </p>
        <label>
          {words.role}
          <select value={role} onChange={({ target }) => setRole(target.value as Role)}>
            {roles.map((each) => (
              <option key={each} value={each}>
                {texts.roles[each]}
              </option>
            ))}
          </select>
        </label>
        <label>
          {words.project}
          <select value={project} onChange={({ target }) => setProject(target.value)}>
            {projects.map((each) => (
              <option key={each.id} value={each.id}>
                {plainly(each.name)}
              </option>
            ))}
            {viewer.projectId === null && <option value="">{words.everyProject}</option>}
          </select>
        </label>
        <label>
          {words.expires}
          <input
            type="datetime-local"
            value={expires}
            aria-describedby="make-key-expires"
            onChange={({ target }) => setExpires(target.value)}
          />
        </label>
        <p id="make-key-expires" className="faint">
          {words.expiresHint}
        </p>
        <RefusalNotice outcome={outcome} />
        {waiting && <p role="status">{words.waiting}</p>}
        <div className="actions">
          <button type="submit" className="primary" disabled={busy}>
            {busy ? words.making : words.makeIt}
          </button>
          <button type="button" onClick={onClose}>
            {texts.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Made({ made, onClose }: { made: MakeKeyMutation['createApiKey']; onClose: () => void }) {
  const [copied, setCopied] = useState<boolean | null>(null);
  const { secret } = made;
  return (
    <Dialog title={words.madeTitle} onClose={onClose} kept={secret != null}>
      {secret == null ? (
        <p className="notice notice-warn">{words.noSecret}</p>
      ) : (
        <>
          <p>{words.madeLead}</p>
          <label className="secret">
            {words.secret}
            <input readOnly value={secret} spellCheck={false} onFocus={({ target }) => target.select()} />
          </label>
          <p role="status">{copied === false && words.notCopied}</p>
        </>
      )}
      <div className="actions">
        {secret != null && (
          <button
            type="button"
            className="primary"
            onClick={() =>
              void navigator.clipboard.writeText(secret).then(
                () => setCopied(true),
                () => setCopied(false),
              )
            }
          >
            {copied === true ? words.copied : words.copy}
          </button>
        )}
        <button type="button" onClick={onClose}>
          {words.done}
        </button>
      </div>
    </Dialog>
  );
}
