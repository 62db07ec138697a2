import type { AskedCallFragment } from '../generated/graphql.ts';
import { measureOf } from '../parts/budget-line.tsx';
import { amount, unitsOf } from '../parts/decimal.ts';
import { DiffView } from '../parts/diff-view.tsx';
import type { Evidence } from '../parts/evidence.ts';
import { orderedJson } from '../parts/json-editor.tsx';
import { JsonView } from '../parts/json-view.tsx';
import { UntrustedText } from '../parts/untrusted-text.tsx';
import { budgetsTexts, texts } from '../texts.ts';
import type { AskedApproval } from './approval-panel.tsx';
import { Flags, type FlagShown } from './flags.tsx';

type Response = Extract<AskedApproval, { agentResponse: unknown }>;

const evidenceOf = (flags: readonly FlagShown[]): Evidence[] =>
  flags.flatMap(({ evidence, level, message }) =>
    evidence === null ? [] : [{ text: evidence, level, label: message }],
  );

/** What consent is asked for, whole, with what speaks against it marked in it. */
export function ApprovalSubject({ approval }: { approval: AskedApproval }) {
  if ('proposedAction' in approval) return <CallSubject call={approval} />;
  if ('agentResponse' in approval) return <ResponseSubject response={approval} />;
  if ('limitType' in approval)
    return (
      <section className="card">
        <h3>{texts.decision.override}</h3>
        <dl className="facts">
          <dt>{texts.decision.line}</dt>
          <dd>{budgetsTexts.line[approval.limitType]}</dd>
          <dt>{texts.decision.amount}</dt>
          <dd>{amount(unitsOf(approval.requestedAmount), measureOf(approval.limitType))}</dd>
          <dt>{texts.decision.justification}</dt>
          <dd>
            <UntrustedText text={approval.justification} />
          </dd>
        </dl>
      </section>
    );
  return (
    <section className="card">
      <h3>{texts.pages.recovery}</h3>
      {approval.step ? (
        <>
          <p>
            <strong>
              <UntrustedText text={approval.step.title} inline />
            </strong>
          </p>
          <UntrustedText text={approval.step.description} />
          {approval.step.error !== null && (
            <p className="notice notice-bad">
              <UntrustedText text={approval.step.error} />
            </p>
          )}
        </>
      ) : (
        <>
          <ol className="plain">
            {approval.recoverySession.steps.map(({ id, title, description }) => (
              <li key={id}>
                <strong>
                  <UntrustedText text={title} inline />
                </strong>
                <UntrustedText text={description} />
              </li>
            ))}
          </ol>
          <details>
            <summary>{texts.decision.assessment}</summary>
            <JsonView value={approval.recoverySession.assessment} />
          </details>
        </>
      )}
    </section>
  );
}

/** The call as it was asked, and where somebody changed it, as it would run. */
export function CallSubject({ call }: { call: AskedCallFragment }) {
  const { riskAssessment, inputData, approvedInput } = call;
  return (
    <>
      <Flags
        title={texts.decision.riskOf(riskAssessment.level, riskAssessment.score)}
        flags={riskAssessment.factors}
      />
      <section className="card">
        <h3>
          {texts.decision.action}: <UntrustedText text={call.proposedAction} inline />
        </h3>
        {call.contextSummary !== null && <UntrustedText text={call.contextSummary} />}
        {approvedInput === null ? (
          <JsonView value={inputData} evidence={evidenceOf(riskAssessment.factors)} />
        ) : (
          <>
            <p className="notice">{texts.decision.edited}</p>
            <DiffView before={orderedJson(inputData)} after={orderedJson(approvedInput)} />
          </>
        )}
        <dl className="facts">
          <dt>{texts.decision.estimate}</dt>
          <dd>
            {texts.decision.spends(call.estimatedTokens, call.estimatedCost)}
            {!call.budgetCheck.allowed && (
              <span className="badge badge-bad">{texts.decision.overBudget}</span>
            )}
          </dd>
          <dt>{texts.decision.digest}</dt>
          <dd>
            <code className="break">{call.actionDigest}</code>
          </dd>
        </dl>
      </section>
    </>
  );
}

function ResponseSubject({ response }: { response: Response }) {
  return (
    <>
      <Flags
        title={texts.decision.scores(response.safetyScore, response.confidenceScore)}
        flags={response.riskFlags}
      />
      <section className="card">
        <h3>{texts.types.RESPONSE}</h3>
        <UntrustedText text={response.responseSummary} />
        <JsonView value={response.agentResponse} evidence={evidenceOf(response.riskFlags)} />
        <TextList title={texts.decision.nextSteps} texts={response.nextSteps} />
        <TextList title={texts.decision.recommendations} texts={response.recommendations} />
        <dl className="facts">
          <dt>{texts.decision.spent}</dt>
          <dd>{texts.decision.spends(response.tokensUsed, response.actualCost)}</dd>
        </dl>
        {response.modificationsRequired !== null && (
          <>
            <h4>{texts.decision.modifications}</h4>
            <JsonView value={response.modificationsRequired} />
          </>
        )}
      </section>
      <details className="section">
        <summary>{texts.decision.ofCall}</summary>
        <CallSubject call={response.agentCallApproval} />
      </details>
    </>
  );
}

function TextList({ title, texts: all }: { title: string; texts: readonly string[] }) {
  if (all.length === 0) return null;
  return (
    <>
      <h4>{title}</h4>
      <ul>
        {all.map((text) => (
          <li key={text}>
            <UntrustedText text={text} inline />
          </li>
        ))}
      </ul>
    </>
  );
}
