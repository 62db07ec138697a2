import type { DecisionStatsQuery } from '../../generated/graphql.ts';
import { plainly } from '../../parts/marks.ts';
import { ScrollRegion } from '../../parts/scroll-region.tsx';
import { analyticsTexts as words } from '../../texts.ts';
import { seconds } from './seconds.ts';

type Stats = DecisionStatsQuery['decisionStats'];
const MOST = 100;

export function Groups({
  title,
  of,
  groups,
  named = plainly,
}: {
  title: string;
  of: string;
  groups: Stats['byType'];
  named?: (key: string) => string;
}) {
  return (
    <section className="card">
      <h2>{title}</h2>
      <ScrollRegion label={title}>
        <table>
          <thead>
            <tr>
              {[of, words.asked, words.decided, words.rejected, words.median, words.p95].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {groups.map((group) => (
              <tr key={group.key}>
                <th scope="row">{named(group.key)}</th>
                <td>{group.asked.toLocaleString('en')}</td>
                <td>{group.decided.toLocaleString('en')}</td>
                <td>{group.rejected.toLocaleString('en')}</td>
                <td>{seconds(group.medianSeconds)}</td>
                <td>{seconds(group.p95Seconds)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
      {groups.length >= MOST && <p className="faint">{words.atMost}</p>}
    </section>
  );
}

export function People({ people }: { people: Stats['byPerson'] }) {
  return (
    <section className="card">
      <h2>{words.byPerson}</h2>
      <ScrollRegion label={words.byPerson}>
        <table>
          <thead>
            <tr>
              {[
                words.person,
                words.decisions,
                words.approved,
                words.rejected,
                words.quick,
                words.median,
                words.p95,
              ].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {people.map((person) => (
              <tr key={person.userId}>
                <th scope="row">
                  {plainly(person.name)}{' '}
                  {person.reflex && <span className="badge badge-warn">{words.reflexMark}</span>}
                </th>
                <td>{person.decisions.toLocaleString('en')}</td>
                <td>{person.approved.toLocaleString('en')}</td>
                <td>{person.rejected.toLocaleString('en')}</td>
                <td>{person.quickApprovals.toLocaleString('en')}</td>
                <td>{seconds(person.medianSeconds)}</td>
                <td>{seconds(person.p95Seconds)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
      <p className="faint">{words.quickHint}</p>
      {people.length >= MOST && <p className="faint">{words.atMost}</p>}
    </section>
  );
}
