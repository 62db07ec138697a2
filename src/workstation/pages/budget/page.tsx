import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { type BudgetPageQuery, BudgetPageDocument } from '../../generated/graphql.ts';
import { useNow } from '../../live/clock.ts';
import { useViewer } from '../../live/context.tsx';
import { useLive } from '../../live/use-live.ts';
import { LineBar, measureOf } from '../../parts/budget-line.tsx';
import { amount, unitsOf } from '../../parts/decimal.ts';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { Page } from '../../parts/page.tsx';
import { duration, instant } from '../../parts/time.ts';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { useBudgetChanges } from '../../parts/use-budget-changes.ts';
import { budgetsTexts as words, partTexts, texts } from '../../texts.ts';
import { BurnDown } from './burn-down-chart.tsx';
import { LimitsDialog } from './limits-dialog.tsx';
import { Overrides } from './overrides.tsx';
import { useSpending } from './use-spending.ts';
import { instantIn } from './zone.ts';
import '../../parts/pages.css';
import './budget.css';

export type Budget = NonNullable<BudgetPageQuery['project']>['budget'];
export type BudgetLine = Budget['lines'][number];

/** A budget's id is its project's with another prefix (behaviour 6): either names it. */
export default function BudgetPage() {
  const { id } = useParams({ from: '/budgets/$id' });
  const projectId = id.replace(/^budget_/, 'project_');
  const { data, fault, read, loading } = useLive(
    BudgetPageDocument,
    { id: projectId },
    { on: (event) => event.projectId === projectId && /^(budget|emergency_stop)_/.test(event.type) },
  );
  useBudgetChanges(projectId, read);
  const project = data?.project;
  return (
    <Page title={texts.pages.budget} aside={<Link to="/budgets">{words.all}</Link>}>
      {fault && <FaultNotice fault={fault} stale={data !== undefined} onRetry={read} />}
      {!data && loading && <p role="status">{texts.loading}</p>}
      {data && !project && <p>{words.missing}</p>}
      {project && (
        <>
          <Head projectId={projectId} name={project.name} budget={project.budget} />
          <Alerts budget={project.budget} />
          <Lines budget={project.budget} />
          <Overrides projectId={projectId} />
        </>
      )}
    </Page>
  );
}

function Head({ projectId, name, budget }: { projectId: string; name: string; budget: Budget }) {
  const viewer = useViewer();
  const [changing, setChanging] = useState(false);
  return (
    <section className="card" aria-labelledby="budget">
      <h2 id="budget">
        <UntrustedText text={name} inline />
      </h2>
      <p className="row-head">
        {words.facts.zone(budget.timeZone)}
        {budget.emergencyStopTriggered && (
          <Link to="/emergency/$id" params={{ id: projectId }} className="badge badge-bad">
            {words.stopped}
          </Link>
        )}
      </p>
      {viewer.has('MANAGER') ? (
        <div className="actions">
          <button type="button" onClick={() => setChanging(true)}>
            {words.limits.change}
          </button>
        </div>
      ) : (
        <p className="faint">
          {words.limits.title}: {partTexts.needsRole('MANAGER')}
        </p>
      )}
      {changing && <LimitsDialog projectId={projectId} budget={budget} onClose={() => setChanging(false)} />}
    </section>
  );
}

function Alerts({ budget }: { budget: Budget }) {
  return (
    <section className="card" aria-labelledby="alerts">
      <h2 id="alerts">{words.alerts.title}</h2>
      <p className="faint">{words.alerts.lead}</p>
      {budget.alerts.length === 0 && <p className="faint">{words.alerts.none}</p>}
      <ul className="plain-list">
        {budget.alerts.map(({ alertType, thresholdType, currentValue, thresholdValue, triggeredAt }) => {
          const show = (decimal: string) => amount(unitsOf(decimal), measureOf(thresholdType));
          return (
            <li
              key={`${alertType} ${thresholdType} ${triggeredAt}`}
              className={alertType === 'WARNING' ? 'notice notice-warn' : 'notice notice-bad'}
            >
              {words.alerts.one(
                words.line[thresholdType],
                words.alert[alertType],
                show(currentValue),
                show(thresholdValue),
              )}{' '}
              <time dateTime={triggeredAt} className="faint">
                {instant(triggeredAt)}
              </time>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** What was spent since the longest period began serves all lines. */
function Lines({ budget }: { budget: Budget }) {
  const starts = budget.lines.map(({ periodStart }) => periodStart).toSorted();
  const { spending, fault, again } = useSpending(budget.id, starts[0] ?? '');
  return (
    <>
      {fault && <FaultNotice fault={fault} stale={spending !== null} onRetry={again} />}
      {budget.lines.map((line) => (
        <OneLine key={line.limitType} line={line} budget={budget}>
          {spending === null ? (
            fault === null && <p role="status">{words.chart.reading}</p>
          ) : (
            <BurnDown line={line} spending={spending} timeZone={budget.timeZone} />
          )}
        </OneLine>
      ))}
    </>
  );
}

function OneLine({
  line,
  budget: { timeZone },
  children,
}: {
  line: BudgetLine;
  budget: Budget;
  children: React.ReactNode;
}) {
  const now = useNow();
  const show = (decimal: string) => amount(unitsOf(decimal), measureOf(line.limitType));
  const heading = `line-${line.limitType}`;
  return (
    <section className="card" aria-labelledby={heading} data-line={line.limitType}>
      <h2 id={heading}>{words.line[line.limitType]}</h2>
      <LineBar line={line} />
      <dl className="facts">
        <dt>{words.facts.remaining}</dt>
        <dd data-fact="remaining">
          <strong>{show(line.remaining)}</strong>
        </dd>
        <dt>{words.facts.used}</dt>
        <dd data-fact="used">{show(line.used)}</dd>
        <dt>{words.facts.reserved}</dt>
        <dd data-fact="reserved">{show(line.reserved)}</dd>
        <dt>{words.facts.limit}</dt>
        <dd data-fact="limit">{show(line.limit)}</dd>
        <dt>{words.facts.overridden}</dt>
        <dd data-fact="overridden">{show(line.overridden)}</dd>
        <dt>{words.facts.resets}</dt>
        <dd>
          <time dateTime={line.resetsAt}>{words.facts.at(instantIn(timeZone, line.resetsAt), timeZone)}</time>
          {Date.parse(line.resetsAt) > now && (
            <span className="faint"> · {texts.time.left(duration(Date.parse(line.resetsAt) - now))}</span>
          )}
        </dd>
      </dl>
      {children}
    </section>
  );
}
