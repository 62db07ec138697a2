// What an option's metadata says of what it would lead to: agents name it as they like. Pure.

/** Names that published configurations use: these come first, in this order. */
const KNOWN = [
  'risk',
  'risk_level',
  'cost',
  'estimated_cost',
  'budget_impact',
  'impact',
  'time',
  'time_estimate',
  'estimated_time',
  'effort',
  'confidence',
  'confidence_score',
  'reversible',
  'resource_requirements',
  'compliance_impact',
  'escalation_level',
];
const RANK = new Map(KNOWN.map((name, index) => [name, index]));

export interface Effect {
  name: string;
  text: string;
}

/** Of every name the value in words, where it has any: nested values are shown for the known names alone, as JSON. */
export function effectsIn(metadata: unknown): Effect[] {
  if (typeof metadata !== 'object' || metadata === null) return [];
  return Object.entries(metadata)
    .flatMap(([name, value]) => {
      const text = inWords(value) ?? (RANK.has(name) && isThere(value) ? JSON.stringify(value) : null);
      return text === null || text === '' ? [] : [{ name, text }];
    })
    .toSorted((a, b) => (RANK.get(a.name) ?? RANK.size) - (RANK.get(b.name) ?? RANK.size));
}

const isThere = (value: unknown): boolean => value !== undefined && value !== null;

function inWords(value: unknown): string | null {
  if (typeof value === 'string') return value.trim();
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (!Array.isArray(value)) return null;
  const parts = value.map((part) => (Array.isArray(part) ? null : inWords(part)));
  return parts.includes(null) ? null : parts.join(', ');
}
