import { TeamFiguresDocument } from '../generated/graphql.ts';
import { useLive } from '../live/use-live.ts';
import { measureOf } from '../parts/budget-line.tsx';
import { amount, unitsOf } from '../parts/decimal.ts';
import { ScrollRegion } from '../parts/scroll-region.tsx';
import { duration } from '../parts/time.ts';
import { UntrustedText } from '../parts/untrusted-text.tsx';
import { budgetsTexts, texts, worded } from '../texts.ts';

/** How the team stands, what it may still spend, how quickly it is answered: where its configuration asks for that. */
export function TeamFigures({
  teamId,
  projectId,
  team,
  budget,
  performance,
}: {
  teamId: string;
  projectId: string;
  team: boolean;
  budget: boolean;
  performance: boolean;
}) {
  const { data } = useLive(
    TeamFiguresDocument,
    { teamId, projectId, team, budget, performance },
    { pause: !team && !budget && !performance },
  );
  const status = data?.team?.status;
  const stats = data?.interventionStats;
  return (
    <>
      {status && (
        <details open className="section">
          <summary>{texts.decision.sections.team}</summary>
          <ul className="plain">
            {status.agents.map(({ id, name, status: doing }) => (
              <li key={id}>
                <UntrustedText text={name} inline />: {worded(doing).toLowerCase()}
              </li>
            ))}
          </ul>
          <p>
            {texts.decision.teamWaits(
              status.activeSessions,
              status.pendingInterventions + status.pendingApprovals,
            )}
          </p>
        </details>
      )}
      {data?.budget && (
        <details open className="section">
          <summary>{texts.decision.sections.budget}</summary>
          <ScrollRegion label={texts.decision.sections.budget}>
            <table>
              <thead>
                <tr>
                  <th scope="col">{texts.decision.line}</th>
                  <th scope="col">{texts.decision.used}</th>
                  <th scope="col">{texts.decision.reserved}</th>
                  <th scope="col">{texts.decision.remaining}</th>
                </tr>
              </thead>
              <tbody>
                {data.budget.lines.map(({ limitType, used, reserved, remaining }) => (
                  <tr key={limitType}>
                    <td>{budgetsTexts.line[limitType]}</td>
                    {[used, reserved, remaining].map((units, place) => (
                      // Three figures, each by its place.
                      <td key={place}>{amount(unitsOf(units), measureOf(limitType))}</td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </ScrollRegion>
        </details>
      )}
      {stats && (
        <details open className="section">
          <summary>{texts.decision.sections.performance}</summary>
          <p>
            {texts.decision.performance(
              stats.resolved,
              stats.timedOut,
              stats.medianResolutionTime == null ? texts.none : duration(stats.medianResolutionTime * 1000),
            )}
          </p>
        </details>
      )}
    </>
  );
}
