import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import published from '../../../../docs/supervision.schema.json' with { type: 'json' };
import { kindOf, type Shape, shapeAt, valuesOf } from './schema-at.ts';
import { type Place, placeAt } from './yaml-place.ts';

const root = published as unknown as Shape;

/** Keys and values that the published shape of a configuration has at the cursor. */
export function completeSetting(context: CompletionContext): CompletionResult | null {
  const place = placeAt(context.state.doc.toString(), context.pos);
  if (place === null || (place.word === '' && !context.explicit)) return null;
  const options = completionsAt(place);
  return options.length === 0 ? null : { from: place.from, options, validFor: /^[\w$.-]*$/ };
}

function completionsAt(place: Place): Completion[] {
  const shape = shapeAt(root, place.path);
  if (shape === undefined) return [];
  const values = valuesOf(shape).map((label): Completion => ({ label, type: 'enum' }));
  if (place.kind === 'value') return values;
  const keys = Object.entries(shape.properties ?? {})
    .filter(([key]) => !place.siblings.includes(key))
    .map(([key, child]): Completion => {
      const required = shape.required?.includes(key) === true;
      return {
        label: key,
        type: 'property',
        detail: kindOf(child),
        ...(child.description && { info: child.description }),
        apply: key + followedBy(child, place.indent),
        ...(required && { boost: 1 }),
      };
    });
  return [...keys, ...values];
}

function followedBy({ type }: Shape, indent: number): string {
  const deeper = `\n${' '.repeat(indent + 2)}`;
  if (type === 'object') return `:${deeper}`;
  return type === 'array' ? `:${deeper}- ` : ': ';
}
