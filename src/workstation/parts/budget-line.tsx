import type { BudgetLimitType } from '../generated/graphql.ts';
import { budgetsTexts as words } from '../texts.ts';
import { amount, type Measure, share, unitsOf } from './decimal.ts';
import './budget-line.css';

export interface Line {
  limitType: BudgetLimitType;
  limit: string;
  overridden: string;
  used: string;
  reserved: string;
  remaining: string;
}

export const measureOf = (type: BudgetLimitType): Measure =>
  type.startsWith('TOKEN') ? 'tokens' : 'dollars';

/** How full a line is: used, and held on top of it. The words beside it say the same. */
export function LineBar({ line }: { line: Line }) {
  const whole = unitsOf(line.limit) + unitsOf(line.overridden);
  const used = share(unitsOf(line.used), whole);
  const taken = share(unitsOf(line.used) + unitsOf(line.reserved), whole);
  const full = unitsOf(line.remaining) <= 0n ? 'full' : taken >= 0.8 ? 'near' : 'room';
  return (
    <svg
      className={`line-bar line-bar-${full}`}
      viewBox="0 0 100 4"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <rect className="line-ground" width="100" height="4" />
      <rect className="line-held" width={taken * 100} height="4" />
      <rect className="line-used" width={used * 100} height="4" />
    </svg>
  );
}

/** One line in a sentence: what is left of what. */
export function LineSummary({ line }: { line: Line }) {
  const measure = measureOf(line.limitType);
  const show = (decimal: string) => amount(unitsOf(decimal), measure);
  const whole = amount(unitsOf(line.limit) + unitsOf(line.overridden), measure);
  return (
    <div className="line-summary" data-line={line.limitType}>
      <p className="row-head">
        <strong>{words.line[line.limitType]}</strong>
        <span>{words.left(show(line.remaining), whole)}</span>
      </p>
      <LineBar line={line} />
    </div>
  );
}
