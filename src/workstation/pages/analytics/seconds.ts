import { duration } from '../../parts/time.ts';
import { analyticsTexts as words } from '../../texts.ts';

/** Below ten seconds a tenth tells something. */
export const seconds = (value: number | null | undefined): string => {
  if (value == null) return words.nothing;
  return value < 10 ? `${value.toFixed(1)} s` : duration(value * 1000);
};
