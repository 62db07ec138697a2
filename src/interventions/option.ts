import type { JsonObject } from '../kernel/json.ts';

export const optionCategories = [
  'APPROVAL',
  'SELECTION',
  'MODIFICATION',
  'ESCALATION',
  'INFORMATION',
  'EXPERT_CONSULTATION',
  'CUSTOM',
] as const;
export type OptionCategory = (typeof optionCategories)[number];

/** One way to answer, as it is kept on the intervention and shown. */
export interface Option {
  id: string;
  label: string;
  description: string;
  value: string;
  category: OptionCategory;
  metadata: JsonObject;
  recommended: boolean;
  disabled: boolean;
  disabledReason: string | null;
}

export const optionsOf = (intervention: { options: unknown }): Option[] => intervention.options as Option[];
