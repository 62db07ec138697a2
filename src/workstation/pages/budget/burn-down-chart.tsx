import { Link } from '@tanstack/react-router';
import { useNow } from '../../live/clock.ts';
import { measureOf } from '../../parts/budget-line.tsx';
import { about, amount, unitsOf } from '../../parts/decimal.ts';
import { budgetsTexts } from '../../texts.ts';
import { type Forecast, forecastOf, type Point, pointsOf, thinned } from './burn-down.ts';
import type { BudgetLine } from './page.tsx';
import type { Spending } from './use-spending.ts';
import { instantIn } from './zone.ts';

const words = budgetsTexts.chart;
/** The drawing's own measures; it is stretched to its place. */
const [WIDTH, HEIGHT] = [600, 140];
const MOST_POINTS = 300;
const MOST_ROWS = 50;

interface Drawn {
  line: BudgetLine;
  spending: Spending;
  timeZone: string;
}

/** What is left of a line, from its period's beginning to its end, with the pace gone on with; and the same as a table. */
export function BurnDown(drawn: Drawn) {
  const { line, spending } = drawn;
  const points = pointsOf(spending.events, {
    measure: measureOf(line.limitType),
    whole: unitsOf(line.limit) + unitsOf(line.overridden),
    used: unitsOf(line.used),
    start: Date.parse(line.periodStart),
    complete: spending.complete,
  });
  return <Chart {...drawn} points={points} />;
}

/** Each second anew; what was spent is not counted up again for that. */
function Chart({ line, spending, timeZone, points }: Drawn & { points: readonly Point[] }) {
  const now = useNow();
  const measure = measureOf(line.limitType);
  const whole = unitsOf(line.limit) + unitsOf(line.overridden);
  const used = unitsOf(line.used);
  const held = unitsOf(line.reserved);
  const left = whole - used - held;
  const start = Date.parse(line.periodStart);
  const end = Date.parse(line.resetsAt);
  const forecast = forecastOf(whole, used + held, { start, end, now });
  const said = sentenceOf(
    forecast,
    (units) => about(units, measure),
    (at) => instantIn(timeZone, at),
  );
  const name = budgetsTexts.line[line.limitType];
  const begins = points[0]?.at ?? now;
  return (
    <figure className="burn-down">
      <div className="burn-down-plot">
        <p className="burn-down-scale faint">
          {scaleOf(whole, left).map((units) => (
            <span key={String(units)}>{about(units, measure)}</span>
          ))}
        </p>
        <Curve
          points={[...points, { at: Math.max(now, points.at(-1)?.at ?? now), spent: 0n, used, left }]}
          span={{ start, end, now }}
          whole={whole}
          forecast={forecast}
          label={words.described(name, amount(left, measure), said)}
        />
        <p className="burn-down-ends faint">
          <span>{instantIn(timeZone, start)}</span>
          <span>{instantIn(timeZone, end)}</span>
        </p>
      </div>
      <figcaption>
        <p data-forecast={forecast.kind}>{said}</p>
        <p className="faint">{words.legend(amount(whole, measure))}</p>
        {!spending.complete && begins > start && (
          <p className="faint">{words.since(instantIn(timeZone, begins))}</p>
        )}
      </figcaption>
      <Table
        points={points.filter(({ spent }) => spent !== 0n)}
        held={held}
        used={used}
        left={left}
        show={(units) => amount(units, measure)}
        timeZone={timeZone}
      />
    </figure>
  );
}

/** What stands beside the curve: its top, its middle, its foot. */
function scaleOf(whole: bigint, left: bigint): bigint[] {
  const foot = left < 0n ? left : 0n;
  return whole === foot ? [whole] : [whole, (whole + foot) / 2n, foot];
}

function sentenceOf(
  forecast: Forecast,
  show: (units: bigint) => string,
  at: (instant: number) => string,
): string {
  switch (forecast.kind) {
    case 'none':
      return budgetsTexts.forecast.none;
    case 'over':
      return budgetsTexts.forecast.over;
    case 'lasts':
      return budgetsTexts.forecast.lasts(show(forecast.left));
    case 'runs-out':
      return budgetsTexts.forecast.runsOut(at(forecast.at));
  }
}

function Curve({
  points,
  span: { start, end, now },
  whole,
  forecast,
  label,
}: {
  points: readonly Point[];
  span: { start: number; end: number; now: number };
  whole: bigint;
  forecast: Forecast;
  label: string;
}) {
  const lowest = points.reduce((least, { left }) => (left < least ? left : least), 0n);
  const height = Number(whole - lowest) || 1;
  const x = (at: number) =>
    (Math.min(1, Math.max(0, (at - start) / Math.max(1, end - start))) * WIDTH).toFixed(1);
  const y = (left: bigint) => ((Number(whole - left) / height) * HEIGHT).toFixed(1);
  const drawn = thinned(points, MOST_POINTS);
  const first = drawn[0];
  const last = drawn.at(-1);
  // A step at each commit: between two of them nothing is used.
  const steps = drawn.map(({ at, left }) => `H${x(at)}V${y(left)}`).join('');
  const ahead =
    last && forecast.kind === 'lasts'
      ? `M${x(now)} ${y(last.left)}L${x(end)} ${y(forecast.left)}`
      : last && forecast.kind === 'runs-out'
        ? `M${x(now)} ${y(last.left)}L${x(forecast.at)} ${y(0n)}`
        : null;
  return (
    <svg
      className="burn-down-curve"
      viewBox={`0 -3 ${WIDTH} ${HEIGHT + 6}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <path className="burn-down-even" d={`M0 ${HEIGHT / 2}H${WIDTH}`} />
      <path className="burn-down-axis" d={`M0 ${y(0n)}H${WIDTH}`} />
      <path className="burn-down-even" d={`M0 ${y(whole)}L${WIDTH} ${y(0n)}`} />
      <path className="burn-down-now" d={`M${x(now)} 0V${HEIGHT}`} />
      {first && <path className="burn-down-left" d={`M${x(first.at)} ${y(first.left)}${steps}`} />}
      {ahead !== null && <path className="burn-down-ahead" d={ahead} />}
    </svg>
  );
}

function Table({
  points,
  held,
  used: usedNow,
  left: leftNow,
  show,
  timeZone,
}: {
  points: readonly Point[];
  held: bigint;
  used: bigint;
  left: bigint;
  show: (units: bigint) => string;
  timeZone: string;
}) {
  return (
    <details>
      <summary>{words.table}</summary>
      {points.length === 0 && <p className="faint">{words.empty}</p>}
      {points.length > 0 && (
        <table className="burn-down-table">
          <thead>
            <tr>
              <th scope="col">{words.when}</th>
              <th scope="col">{words.spent}</th>
              <th scope="col">{words.used}</th>
              <th scope="col">{words.unused}</th>
            </tr>
          </thead>
          <tbody>
            {points.slice(-MOST_ROWS).map(({ at, spent, used, left }, index) => (
              <tr key={`${at} ${index}`}>
                <td>{instantIn(timeZone, at)}</td>
                <td>{show(spent)}</td>
                <td>{show(used)}</td>
                <td>{show(left)}</td>
              </tr>
            ))}
          </tbody>
          {held > 0n && (
            <tfoot>
              <tr>
                <th scope="row">{words.held}</th>
                <td>{show(held)}</td>
                <td>{show(usedNow)}</td>
                <td>{words.leftNow(show(leftNow))}</td>
              </tr>
            </tfoot>
          )}
        </table>
      )}
      {points.length > MOST_ROWS && (
        <p className="faint">
          {words.newest(MOST_ROWS)} <Link to="/events">{words.events}</Link>
        </p>
      )}
    </details>
  );
}
