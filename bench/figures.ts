/** Sorted once, asked often. */
export function percentiles(values: number[]): (p: number) => number {
  const sorted = [...values].sort((a, b) => a - b);
  return (p) => sorted[Math.min(sorted.length - 1, Math.floor((p / 100) * sorted.length))] ?? Number.NaN;
}

export interface Row {
  line: string;
  database: string;
  figure: string;
  target: string;
  /** Figure against target, the worse where there are two: above 1 is better than asked. Null where the line has none. */
  ratio: number | null;
  p50: number | null;
  p99: number | null;
}

export function printRow({ line, database, figure, target, ratio, p50, p99 }: Row): void {
  const ms = (value: number | null): string => (value === null ? '–' : value.toFixed(1));
  console.log(
    `| ${line} | ${database} | ${figure} | ${target} | ${ratio === null ? '–' : ratio.toFixed(2)} | ${ms(p50)} / ${ms(p99)} |`,
  );
}

export const header =
  '| line | database | figure | target | ratio | p50 / p99 ms |\n| --- | --- | --: | --- | --: | --: |';
