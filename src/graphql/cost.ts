import {
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNullableType,
  isCompositeType,
  isInterfaceType,
  isIntrospectionType,
  isListType,
  isObjectType,
  Kind,
  type DocumentNode,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
  type ValueNode,
  valueFromASTUntyped,
} from 'graphql';

export type Variables = Readonly<Record<string, unknown>>;
/** How many fields an operation resolves at most with these variables. */
export type Cost = (variables: Variables) => number;

/** `page` is the size that the field above asks of the list below it (a connection's `nodes` and `edges`). */
type Part = (variables: Variables, page: number) => number;

/** behaviour 10.1: what a page holds when nothing is said. */
const DEFAULT_PAGE = 25;
/** What a size counts that cannot be read; coercion will refuse it. */
const LARGEST_PAGE = 100;
/** A list without arguments of its own. */
const PLAIN_LIST = 10;
const INTROSPECTION_LIST = 5;

const PAGE_ARGUMENTS = ['first', 'last', 'limit'];

interface Compiling {
  schema: GraphQLSchema;
  fragments: Map<string, FragmentDefinitionNode>;
  defaults: Map<string, unknown>;
}

/**
 * Compiles a valid operation once, so that each request with it costs a few additions. A field may weigh more than 1 by
 * `extensions.cost`. Needs a document whose breadth is bounded: fragments count where they are spread.
 */
export function compileCost(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): Cost {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  const defaults = new Map<string, unknown>();
  for (const { variable, defaultValue } of operation.variableDefinitions ?? [])
    if (defaultValue) defaults.set(variable.name.value, valueFromASTUntyped(defaultValue));
  const root = schema.getRootType(operation.operation);
  if (!root) return () => 0;
  const cost = ofSelection({ schema, fragments, defaults }, operation.selectionSet, root);
  return (variables) => cost(variables, 0);
}

function ofSelection(given: Compiling, set: SelectionSetNode, parent: GraphQLNamedType): Part {
  const parts = set.selections.map((node): Part => {
    if (node.kind === Kind.FIELD) return ofField(given, node, parent);
    const target = node.kind === Kind.INLINE_FRAGMENT ? node : given.fragments.get(node.name.value);
    if (target === undefined) return () => 0;
    const condition = target.typeCondition && given.schema.getType(target.typeCondition.name.value);
    return ofSelection(given, target.selectionSet, condition ?? parent);
  });
  return (variables, page) => {
    let sum = 0;
    for (const part of parts) sum += part(variables, page);
    return sum;
  };
}

function ofField(given: Compiling, node: FieldNode, parent: GraphQLNamedType): Part {
  const field = definitionOf(node.name.value, parent);
  const own = typeof field?.extensions['cost'] === 'number' ? field.extensions['cost'] : 1;
  if (field === undefined || node.selectionSet === undefined) return () => own;
  const type = getNamedType(field.type);
  if (!isCompositeType(type)) return () => own;
  const below = ofSelection(given, node.selectionSet, type);
  const size = sizeOf(given, node, field);
  if (!isListType(getNullableType(field.type)))
    return (variables) => own + below(variables, size === null ? 0 : size(variables));
  const plain = isIntrospectionType(type) ? INTROSPECTION_LIST : PLAIN_LIST;
  return (variables, page) => own + (size?.(variables) ?? (page || plain)) * below(variables, 0);
}

function definitionOf(name: string, parent: GraphQLNamedType): GraphQLField<unknown, unknown> | undefined {
  if (name === '__schema') return SchemaMetaFieldDef;
  if (name === '__type') return TypeMetaFieldDef;
  return isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
}

/** How long the list that a field's arguments ask for can be, or null where it takes no such argument. */
function sizeOf(
  given: Compiling,
  node: FieldNode,
  field: GraphQLField<unknown, unknown>,
): ((variables: Variables) => number) | null {
  const readers: ((variables: Variables) => unknown)[] = [];
  for (const argument of field.args) {
    const paged = argument.name === 'pagination';
    if (!paged && !PAGE_ARGUMENTS.includes(argument.name)) continue;
    const value = node.arguments?.find((each) => each.name.value === argument.name)?.value;
    const read = value === undefined ? () => argument.defaultValue : reader(given, value);
    readers.push(paged ? (variables) => limitOf(read(variables)) : read);
  }
  if (readers.length === 0) return null;
  return (variables) => {
    let size = 0;
    for (const read of readers) {
      const value = read(variables);
      if (value === undefined || value === null) continue;
      size = Math.max(size, typeof value === 'number' && value >= 0 ? value : LARGEST_PAGE);
    }
    return size === 0 ? DEFAULT_PAGE : size;
  };
}

const limitOf = (pagination: unknown): unknown =>
  typeof pagination === 'object' && pagination !== null
    ? (pagination as { limit?: unknown }).limit
    : undefined;

function reader(given: Compiling, value: ValueNode): (variables: Variables) => unknown {
  if (value.kind === Kind.VARIABLE) {
    const name = value.name.value;
    return (variables) => (variables[name] === undefined ? given.defaults.get(name) : variables[name]);
  }
  return (variables) => valueFromASTUntyped(value, { ...Object.fromEntries(given.defaults), ...variables });
}
