import { Link, useBlocker } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react';
import {
  CheckSupervisionDocument,
  type CheckSupervisionQuery,
  SupervisionDeskDocument,
  type SupervisionDeskQuery,
} from '../../generated/graphql.ts';
import { useViewer } from '../../live/context.tsx';
import type { Fault } from '../../live/fault.ts';
import { useLive } from '../../live/use-live.ts';
import { Ago } from '../../parts/countdown.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { plainly } from '../../parts/marks.ts';
import { Page } from '../../parts/page.tsx';
import { useAsk } from '../../parts/use-ask.ts';
import { supervisionTexts as words, texts } from '../../texts.ts';
import { example } from './example.ts';
import { Review } from './review.tsx';
import { Trial } from './trial.tsx';
import { Versions } from './versions.tsx';
import type { EditorHandle, Finding } from './yaml-editor.tsx';

const YamlEditor = lazy(() => import('./yaml-editor.tsx'));
/** Milliseconds of rest after which the server is asked what it finds. */
const REST = 500;

type Team = NonNullable<SupervisionDeskQuery['team']>;
type Setting = SupervisionDeskQuery['supervisionVersions']['nodes'][number];
export type Check = CheckSupervisionQuery['checkSupervision'];

export function TeamSupervision({ id }: { id: string }) {
  const { data, fault, read } = useLive(
    SupervisionDeskDocument,
    { id },
    { on: ({ type, teamId }) => type === 'configuration_changed' && teamId === id },
  );
  const team = data?.team;
  if (!team)
    return (
      <Page title={texts.pages.supervision}>
        {fault && fault.code !== 'NOT_FOUND' && <FaultNotice fault={fault} onRetry={read} />}
        {fault?.code === 'NOT_FOUND' && <p>{words.missing}</p>}
        {!fault && <p role="status">{texts.loading}</p>}
      </Page>
    );
  return (
    <Page
      title={words.title(plainly(team.name))}
      aside={
        <>
          <Link to="/supervision">{words.all}</Link>
          <Link to="/teams/$id" params={{ id }}>
            {words.team}
          </Link>
        </>
      }
    >
      {fault && <FaultNotice fault={fault} stale onRetry={read} />}
      <Desk team={team} latest={data.supervisionVersions.nodes[0]} read={read} />
    </Page>
  );
}

/** Editors know one line break: what is compared with their text has it too. */
const plainEnds = (text: string): string => text.replace(/\r\n?/g, '\n');

export interface Base {
  version: number;
  yaml: string;
}

function Desk({ team, latest, read }: { team: Team; latest: Setting | undefined; read: () => void }) {
  const viewer = useViewer();
  const may = viewer.has('ADMIN');
  const inForce: Base = { version: team.supervisionVersion, yaml: plainEnds(team.supervision) };
  const [base, setBase] = useState(inForce);
  const [text, setText] = useState(inForce.yaml);
  /** What was found of the text that is being looked at: it stays as it was shown, whatever is set meanwhile. */
  const [reviewing, setReviewing] = useState<Check | null>(null);
  const [saved, setSaved] = useState<string[] | null>(null);
  const editor = useRef<EditorHandle>(null);
  const dirty = text !== base.yaml;
  // Whoever has written nothing follows what is in force; whoever has is told, and loses nothing.
  const take = (next: Base) => {
    setBase(next);
    setText(next.yaml);
  };
  if (inForce.version > base.version && !dirty) take(inForce);
  const overtaken = inForce.version > base.version && dirty;
  const { check, fault } = useCheck(team.id, text, inForce.version, may);
  const findings = useMemo(() => findingsOf(check), [check]);
  const ready = may && dirty && check !== null && check.faults.length === 0;
  const blocker = useBlocker({
    shouldBlockFn: () => dirty,
    enableBeforeUnload: () => dirty,
    withResolver: true,
  });

  return (
    <>
      <p>
        {words.inForce(inForce.version)}
        {latest && (
          <>
            {words.setBy(plainly(latest.setBy.name))}
            <Ago at={latest.createdAt} />
          </>
        )}
      </p>
      {!may && <p className="notice">{words.mayNot(viewer.roles.at(-1) ?? '')}</p>}
      {overtaken && (
        <div className="notice notice-warn" role="alert">
          <p>
            <strong>{words.overtakenTitle}</strong>
          </p>
          <p>{words.overtaken(inForce.version, base.version)}</p>
          <div className="actions">
            <button type="button" onClick={() => setBase(inForce)}>
              {words.compare}
            </button>
            <button type="button" className="danger" onClick={() => take(inForce)}>
              {words.takeTheirs}
            </button>
          </div>
        </div>
      )}
      <div role="status">
        {saved && (
          <div className="notice notice-good">
            {saved.map((line) => (
              <p key={line}>{line}</p>
            ))}
          </div>
        )}
      </div>
      <section className="desk-editor" aria-label={words.editor}>
        <Suspense fallback={<p role="status">{words.loadingEditor}</p>}>
          <YamlEditor
            ref={editor}
            label={words.editor}
            text={text}
            readOnly={!may}
            findings={findings}
            onChange={(next) => {
              setText(next);
              setSaved(null);
            }}
            onSave={() => ready && !overtaken && setReviewing(check)}
          />
        </Suspense>
        {may && <p className="faint">{words.editorHint}</p>}
      </section>
      {may && (
        <div className="actions">
          <button
            type="button"
            className="primary"
            disabled={!ready || overtaken}
            onClick={() => setReviewing(check)}
          >
            {words.review}
          </button>
          <button type="button" disabled={!dirty} onClick={() => setText(base.yaml)}>
            {words.undo}
          </button>
          {text.trim() === '' && (
            <button type="button" onClick={() => setText(example)}>
              {words.example}
            </button>
          )}
        </div>
      )}
      {may && (
        <Findings
          check={check}
          dirty={dirty}
          fault={fault}
          onGo={(line, column) => editor.current?.goTo(line, column)}
        />
      )}
      {may && <Trial teamId={team.id} yaml={text} />}
      <Versions
        teamId={team.id}
        version={inForce.version}
        text={text}
        onRestore={may ? (yaml) => setText(plainEnds(yaml)) : null}
      />
      {reviewing && (
        <Review
          teamId={team.id}
          base={base}
          text={text}
          check={reviewing}
          onClose={() => setReviewing(null)}
          onOvertaken={read}
          onSaved={(next, message) => {
            take({ version: next.version, yaml: plainEnds(next.yaml) });
            setSaved([words.saved(next.version), ...message.split('\n').slice(1)]);
            setReviewing(null);
            read();
          }}
        />
      )}
      {blocker.status === 'blocked' && (
        <Dialog title={words.leaveTitle} onClose={() => blocker.reset()}>
          <p>{words.leave}</p>
          <div className="actions">
            <button type="button" onClick={() => blocker.reset()}>
              {words.leaveNo}
            </button>
            <button type="button" className="danger" onClick={() => blocker.proceed()}>
              {words.leaveYes}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}

/** What the server finds in a text, once it has rested; null while that is not known of this text. */
function useCheck(teamId: string, text: string, version: number, may: boolean) {
  const ask = useAsk(CheckSupervisionDocument);
  const [known, setKnown] = useState<{ of: string; check: Check | null; fault: Fault | null } | null>(null);
  const of = `${version}\n${text}`;
  useEffect(() => {
    if (!may) return;
    let wanted = true;
    const timer = setTimeout(async () => {
      const answer = await ask({ id: teamId, yaml: text });
      if (!wanted) return;
      if (answer.kind === 'failed') setKnown({ of, check: null, fault: answer.fault });
      else setKnown({ of, check: answer.data.checkSupervision, fault: null });
    }, REST);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [ask, teamId, text, of, may]);
  return known?.of === of ? known : { check: null, fault: null };
}

const findingsOf = (check: Check | null): Finding[] =>
  check === null
    ? []
    : [
        ...check.faults.map((found) => ({ ...found, severity: 'error' as const })),
        ...check.warnings.map((found) => ({ ...found, severity: 'warning' as const })),
      ];

function Findings({
  check,
  dirty,
  fault,
  onGo,
}: {
  check: Check | null;
  dirty: boolean;
  fault: Fault | null;
  onGo: (line: number, column: number) => void;
}) {
  if (fault) return <FaultNotice fault={fault} />;
  const found = check === null ? [] : check.faults.length > 0 ? check.faults : check.warnings;
  const said =
    check === null
      ? words.checking
      : check.faults.length > 0
        ? words.faults(check.faults.length)
        : check.warnings.length > 0
          ? words.warnings(check.warnings.length)
          : dirty
            ? words.clean
            : words.same;
  const tone = check?.faults.length ? 'notice notice-bad' : found.length > 0 ? 'notice notice-warn' : 'faint';
  return (
    <section className={tone} aria-live="polite">
      <p>{said}</p>
      {found.length > 0 && (
        <ul className="findings">
          {found.map(({ line, column, message }) => (
            <li key={`${line}.${column}.${message}`}>
              <button type="button" onClick={() => onGo(line, column)}>
                {words.goTo(line, column)}
              </button>{' '}
              {plainly(message)}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
