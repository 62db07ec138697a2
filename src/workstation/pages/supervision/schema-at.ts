// What the published shape of a configuration says of a place in it. Pure.

/** As much of JSON Schema as docs/supervision.schema.json speaks. */
export interface Shape {
  $ref?: string;
  $defs?: Record<string, Shape>;
  anyOf?: Shape[];
  type?: string;
  description?: string;
  properties?: Record<string, Shape>;
  additionalProperties?: boolean | Shape;
  items?: Shape;
  enum?: (string | number | boolean)[];
  required?: string[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minItems?: number;
  maxItems?: number;
  maxLength?: number;
  pattern?: string;
}

/** The shape at a path whose `*` are items of lists; undefined where there is none. */
export function shapeAt(root: Shape, path: readonly string[]): Shape | undefined {
  let shape = resolved(root, root);
  for (const key of path) {
    if (shape === undefined) return undefined;
    const { properties, additionalProperties, items } = shape;
    const next: Shape | undefined =
      key === '*'
        ? items
        : ((Object.hasOwn(properties ?? {}, key) ? properties?.[key] : undefined) ??
          (typeof additionalProperties === 'object' ? additionalProperties : undefined));
    shape = resolved(root, next);
  }
  return shape;
}

function resolved(root: Shape, shape: Shape | undefined): Shape | undefined {
  const name = shape?.$ref?.replace('#/$defs/', '');
  return name === undefined ? shape : root.$defs?.[name];
}

/** Values that can be written out: those of a list, or the two truth values. */
export const valuesOf = ({ enum: values, type }: Shape): string[] =>
  values?.map(String) ?? (type === 'boolean' ? ['true', 'false'] : []);

/** "integer, 1 to 20" */
export function kindOf(shape: Shape): string {
  const { type = '', enum: values, items } = shape;
  if (values) return values.length > 8 ? `${type}, one of ${values.length}` : values.join(' | ');
  const [low, high] = [shape.minimum ?? shape.exclusiveMinimum, shape.maximum ?? shape.exclusiveMaximum];
  if (low !== undefined && high !== undefined && type !== 'array')
    return `${type}, ${low.toLocaleString('en')} to ${high.toLocaleString('en')}`;
  if (type === 'array')
    return shape.maxItems !== undefined
      ? `list of up to ${shape.maxItems.toLocaleString('en')} ${items?.type ?? ''}`.trim()
      : `list of ${items?.type ?? 'values'}`;
  return type;
}
