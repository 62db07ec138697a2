import type { DecisionStatsQuery } from '../../generated/graphql.ts';
import { instant } from '../../parts/time.ts';
import { analyticsTexts as words } from '../../texts.ts';
import { filled } from './volume.ts';

const [WIDTH, HEIGHT] = [600, 140];

/** Bars of what was asked, what of it was decided within them; the same as a table. */
export function VolumeChart({ stats }: { stats: DecisionStatsQuery['decisionStats'] }) {
  const stretches = filled(stats.volume, stats);
  const most = Math.max(1, ...stretches.map(({ asked }) => asked));
  const width = WIDTH / stretches.length;
  const bar = (value: number) => (HEIGHT * value) / most;
  return (
    <section className="card" aria-labelledby="volume-title">
      <h2 id="volume-title">{words.volume}</h2>
      <p className="faint">{words.volumeLead(stats.bucketSeconds === 3_600 ? words.hour : words.day)}</p>
      <p className="legend">
        <span className="legend-asked">{words.asked}</span>
        <span className="legend-decided">{words.decided}</span>
        <span className="faint">{words.highest(most)}</span>
      </p>
      <svg
        className="volume"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={words.chart(words.volume)}
      >
        {stretches.map(({ at, asked, decided }, index) => (
          <g key={at}>
            <title>{`${instant(at)}: ${asked} / ${decided}`}</title>
            <rect
              className="bar-asked"
              x={index * width + 0.15 * width}
              width={0.7 * width}
              y={HEIGHT - bar(asked)}
              height={bar(asked)}
            />
            <rect
              className="bar-decided"
              x={index * width + 0.15 * width}
              width={0.7 * width}
              y={HEIGHT - bar(decided)}
              height={bar(decided)}
            />
          </g>
        ))}
      </svg>
      <details>
        <summary>{words.showTable}</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">{words.when}</th>
              <th scope="col">{words.asked}</th>
              <th scope="col">{words.decided}</th>
            </tr>
          </thead>
          <tbody>
            {stats.volume.toReversed().map(({ at, asked, decided }) => (
              <tr key={at}>
                <th scope="row">{instant(at)}</th>
                <td>{asked.toLocaleString('en')}</td>
                <td>{decided.toLocaleString('en')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </section>
  );
}
