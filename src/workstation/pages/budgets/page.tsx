import { Link } from '@tanstack/react-router';
import { BudgetsDocument } from '../../generated/graphql.ts';
import { useLive } from '../../live/use-live.ts';
import { LineSummary } from '../../parts/budget-line.tsx';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { Page } from '../../parts/page.tsx';
import { UntrustedText } from '../../parts/untrusted-text.tsx';
import { useBudgetChanges } from '../../parts/use-budget-changes.ts';
import { budgetsTexts as words, partTexts, texts } from '../../texts.ts';
import '../../parts/pages.css';

export default function BudgetsPage() {
  const { data, fault, read, loading } = useLive(
    BudgetsDocument,
    {},
    { on: ({ type }) => /^(budget|emergency_stop)_|^project_created$/.test(type) },
  );
  useBudgetChanges(null, read);
  return (
    <Page title={texts.pages.budgets}>
      {fault && <FaultNotice fault={fault} stale={data !== undefined} onRetry={read} />}
      {!data && loading && <p role="status">{texts.loading}</p>}
      {data?.projects.length === 0 && <p>{partTexts.noProjects}</p>}
      <ul className="plain-list">
        {data?.projects.map(({ id, name, budget: { lines, alerts, emergencyStopTriggered } }) => (
          <li key={id} className="card" data-project={id}>
            <p className="row-head">
              <Link to="/budgets/$id" params={{ id }}>
                <UntrustedText text={name} inline />
              </Link>
              {emergencyStopTriggered && <span className="badge badge-bad">{words.stopped}</span>}
              {alerts.map(({ alertType, thresholdType }) => (
                <span
                  key={`${alertType} ${thresholdType}`}
                  className={alertType === 'WARNING' ? 'badge badge-warn' : 'badge badge-bad'}
                >
                  {words.line[thresholdType]}: {words.alert[alertType]}
                </span>
              ))}
            </p>
            <div className="lines">
              {lines.map((line) => (
                <LineSummary key={line.limitType} line={line} />
              ))}
            </div>
          </li>
        ))}
      </ul>
    </Page>
  );
}
