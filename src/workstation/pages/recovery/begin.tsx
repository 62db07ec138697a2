import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import {
  BeginRecoveryDocument,
  type BeginRecoveryMutation,
  StoppedProjectDocument,
} from '../../generated/graphql.ts';
import { useViewer } from '../../live/context.tsx';
import { useChange } from '../../live/use-change.ts';
import { useLive } from '../../live/use-live.ts';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { SubmitRow } from '../../parts/submit-row.tsx';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { useSubmit } from '../../parts/use-submit.ts';
import { partTexts, recoveryTexts, texts } from '../../texts.ts';

const words = recoveryTexts.begin;
const types = ['GUIDED', 'AUTOMATED', 'MANUAL'] as const;
const OVER = ['COMPLETED', 'REJECTED', 'CANCELLED'];

/** The way back of a stopped project is chosen, and begun. */
export function Begin({ projectId }: { projectId: string }) {
  const viewer = useViewer();
  const { data, fault, read, loading } = useLive(
    StoppedProjectDocument,
    { id: projectId },
    { on: (event) => event.projectId === projectId && /^(emergency_stop|recovery)_/.test(event.type) },
  );
  const project = data?.project;
  const recovery = project?.emergency.recovery;
  const open = recovery && !OVER.includes(recovery.status);
  return (
    <>
      {fault && <FaultNotice fault={fault} stale={data !== undefined} onRetry={read} />}
      {!data && loading && <p role="status">{texts.loading}</p>}
      {data && !project && <p>{recoveryTexts.missing}</p>}
      {project && (
        <section className="card" aria-labelledby="begin">
          <h2 id="begin">
            {words.title}: <UntrustedText text={project.name} inline />
          </h2>
          {!project.emergency.stop && <p>{words.notStopped}</p>}
          {project.emergency.stop && <UntrustedText text={project.emergency.stop.stopReason} />}
          {open && (
            <p>
              {words.open}{' '}
              <Link to="/recovery/$id" params={{ id: recovery.id }}>
                {words.toOpen}
              </Link>
            </p>
          )}
          {project.emergency.stop &&
            !open &&
            (viewer.has('MANAGER') ? (
              <Form projectId={projectId} />
            ) : (
              <p className="faint">{partTexts.needsRole('MANAGER')}</p>
            ))}
        </section>
      )}
    </>
  );
}

function Form({ projectId }: { projectId: string }) {
  const navigate = useNavigate();
  const begin = useChange(BeginRecoveryDocument);
  const submission = useSubmit<BeginRecoveryMutation>();
  const [type, setType] = useState<(typeof types)[number]>('GUIDED');
  const submit = async () => {
    // Said twice it would be refused for its own first time: it is said once.
    const answer = await submission.submit(() => begin({ projectId, recoveryType: type }));
    const id = answer?.kind === 'done' ? answer.data.initiateRecovery.recoverySession?.id : undefined;
    if (id !== undefined) await navigate({ to: '/recovery/$id', params: { id } });
  };
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <p>{words.lead}</p>
      <fieldset className="stack">
        <legend>{words.how}</legend>
        {types.map((each) => (
          <label key={each} className="check">
            <input type="radio" name="type" checked={type === each} onChange={() => setType(each)} />
            {words.types[each]}
          </label>
        ))}
      </fieldset>
      <SubmitRow submission={submission} action={words.action} />
    </form>
  );
}
