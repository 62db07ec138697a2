import { Ago } from '../parts/countdown.tsx';
import { JsonView } from '../parts/json-view.tsx';
import { UntrustedText } from '../parts/untrusted-text.tsx';
import { texts } from '../texts.ts';
import type { AskedIntervention } from './intervention-panel.tsx';

/** How it was answered, by whom, and what became of the answer: it changes while one looks. */
export function InterventionOutcome({ asked }: { asked: AskedIntervention }) {
  const { humanResponse, delivery, session, resolution, status } = asked;
  return (
    <section className="card outcome" aria-label={texts.decision.outcome} data-outcome={delivery}>
      <h3>{texts.decision.outcome}</h3>
      <dl className="facts">
        <dt>{texts.decision.status}</dt>
        <dd>
          <span className={status === 'RESOLVED' ? 'badge badge-good' : 'badge badge-warn'}>
            {texts.decision.statuses[status]}
          </span>{' '}
          {resolution !== null && texts.decision.resolutions[resolution]}
        </dd>
        {humanResponse && (
          <>
            <dt>{texts.decision.by}</dt>
            <dd>
              {humanResponse.respondedBy.name} · <Ago at={humanResponse.timestamp} />
            </dd>
            {humanResponse.selectedOption && (
              <>
                <dt>{texts.decision.option}</dt>
                <dd>
                  <UntrustedText text={humanResponse.selectedOption.label} inline />
                </dd>
              </>
            )}
            {humanResponse.content !== '' && (
              <>
                <dt>{texts.decision.content}</dt>
                <dd>
                  <UntrustedText text={humanResponse.content} />
                </dd>
              </>
            )}
            {humanResponse.reasoning !== null && humanResponse.reasoning !== humanResponse.content && (
              <>
                <dt>{texts.decision.reason}</dt>
                <dd>
                  <UntrustedText text={humanResponse.reasoning} />
                </dd>
              </>
            )}
            {humanResponse.modifications !== null && (
              <>
                <dt>{texts.decision.modifications}</dt>
                <dd>
                  <JsonView value={humanResponse.modifications} />
                </dd>
              </>
            )}
            {humanResponse.answer !== null && (
              <>
                <dt>{texts.form.answer}</dt>
                <dd>
                  <JsonView value={humanResponse.answer} />
                </dd>
              </>
            )}
          </>
        )}
        <dt>{texts.decision.delivery}</dt>
        <dd>
          <span
            className={
              delivery === 'DELIVERED'
                ? 'badge badge-good'
                : delivery === 'FAILED'
                  ? 'badge badge-bad'
                  : 'badge'
            }
          >
            {texts.decision.deliveries[delivery]}
          </span>
          {asked.acknowledgedAt !== null && (
            <>
              {' '}
              {texts.decision.acknowledged} <Ago at={asked.acknowledgedAt} />
            </>
          )}
        </dd>
        <dt>{texts.pages.session}</dt>
        <dd>
          {texts.decision.sessions[session.status]}
          {session.failureReason !== null && (
            <>
              {': '}
              <UntrustedText text={session.failureReason} inline />
            </>
          )}
        </dd>
      </dl>
    </section>
  );
}
