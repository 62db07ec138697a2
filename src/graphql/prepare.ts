import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  isAbstractType,
  type OperationDefinitionNode,
  OperationTypeNode,
  parse,
  Source,
  TypeInfo,
  validate,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { type Cost, compileCost, type Variables } from './cost.ts';
import { coded } from './errors.ts';
import { checkShape, checkTokens, type Limits, tooComplex } from './limits.ts';
import { badInput, checkDocumentText, checkLiterals, checkValue, surrogateEscape } from './strings.ts';

/** What a caller sends, over any door. */
export interface Params {
  query: string;
  operationName?: string | null | undefined;
  variables?: Variables | null | undefined;
}

/** One operation, known to be valid and within bounds, with the variables of this request. */
export interface Operation {
  readonly text: string;
  readonly document: DocumentNode;
  readonly name: string | undefined;
  readonly type: OperationTypeNode;
  readonly variables: Variables;
  /** Its result depends on the very person (a field with `extensions.personal`): executions of it are never shared. */
  readonly personal: boolean;
}

export type Prepare = (params: Params) => Operation | readonly GraphQLError[];

export interface PrepareDeps {
  schema: GraphQLSchema;
  limits: Limits;
  /** Leaves "Did you mean" out of messages. */
  production: boolean;
}

/** A repeated document costs neither parse nor validation. Longer ones than this (characters) are not remembered. */
const LONGEST_REMEMBERED = 32_768;
const REMEMBERED = 1_000;

interface Known {
  document: DocumentNode;
  operations: Map<string | undefined, { node: OperationDefinitionNode; cost: Cost; personal: boolean }>;
}

/** Parses, bounds and validates operations the same way for every door. */
export function createPrepare(deps: PrepareDeps): Prepare {
  const remembered = new Map<string, Known>();

  const read = (text: string): Known | readonly GraphQLError[] => {
    const known = remembered.get(text);
    if (known !== undefined) {
      // Moves it to the end: the map's order is the order of last use.
      remembered.delete(text);
      remembered.set(text, known);
      return known;
    }
    const document = readDocument(text, deps);
    if (Array.isArray(document)) return document;
    const fresh: Known = { document: document as DocumentNode, operations: new Map() };
    if (text.length <= LONGEST_REMEMBERED) {
      remembered.set(text, fresh);
      if (remembered.size > REMEMBERED) remembered.delete(remembered.keys().next().value!);
    }
    return fresh;
  };

  return ({ query, operationName, variables }) => {
    const known = read(query);
    if (!('document' in known)) return known;
    const name = operationName ?? undefined;
    let chosen = known.operations.get(name);
    if (chosen === undefined) {
      const node = operationNamed(known.document, name);
      if (node instanceof GraphQLError) return [node];
      const personal =
        node.operation === OperationTypeNode.SUBSCRIPTION && isPersonal(deps.schema, known.document);
      chosen = { node, cost: compileCost(deps.schema, known.document, node), personal };
      known.operations.set(name, chosen);
    }
    const bad = checkValue(variables ?? {}, 'variables');
    if (bad !== null) return [bad];
    const given = declared(chosen.node, variables ?? {});
    const cost = chosen.cost(given);
    if (cost > deps.limits.cost) return [tooComplex('cost', cost, deps.limits.cost)];
    const { node, personal } = chosen;
    return { text: query, document: known.document, name, type: node.operation, variables: given, personal };
  };
}

/**
 * The variables that the operation declares. Others change nothing, may be of any shape and size, and would be carried
 * along: into what tells shared executions apart, for one, which costs ten times what reading them did.
 */
const declared = (node: OperationDefinitionNode, variables: Variables): Variables =>
  Object.fromEntries(
    (node.variableDefinitions ?? [])
      .map(({ variable }) => variable.name.value)
      .filter((name) => Object.hasOwn(variables, name))
      .map((name) => [name, variables[name]]),
  );

function readDocument(text: string, deps: PrepareDeps): DocumentNode | readonly GraphQLError[] {
  const bad = checkDocumentText(text) ?? checkTokens(text, deps.limits);
  if (bad !== null) return [bad];
  const source = new Source(text);
  let document: DocumentNode;
  try {
    document = parse(source, { maxTokens: deps.limits.tokens });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    return [surrogateEscape(error, source) ?? coded(error, 'GRAPHQL_PARSE_FAILED')];
  }
  const literal = checkLiterals(text, document);
  if (literal !== null) return [literal];
  const shape = checkShape(document, deps.limits);
  if (shape.length > 0) return shape;
  const errors = validate(deps.schema, document, undefined, {
    maxErrors: 20,
    hideSuggestions: deps.production,
  });
  return errors.length > 0 ? errors.map((error) => coded(error, 'GRAPHQL_VALIDATION_FAILED')) : document;
}

function operationNamed(
  document: DocumentNode,
  name: string | undefined,
): OperationDefinitionNode | GraphQLError {
  const operations = document.definitions.filter((each) => each.kind === 'OperationDefinition');
  if (name === undefined && operations.length > 1)
    return badInput('The document holds several operations: operationName must say which one to run.');
  const found = name === undefined ? operations[0] : operations.find((each) => each.name?.value === name);
  if (found !== undefined) return found;
  return badInput(
    name === undefined ? 'The document holds no operation.' : `The document holds no operation "${name}".`,
  );
}

/** An interface's field counts as personal when any of the types behind it says so. */
function isPersonal(schema: GraphQLSchema, document: DocumentNode): boolean {
  const types = new TypeInfo(schema);
  let personal = false;
  const field = () => {
    const definition = types.getFieldDef();
    const parent = types.getParentType();
    const behind = isAbstractType(parent) ? schema.getPossibleTypes(parent) : [];
    const all = [definition, ...behind.map((type) => definition && type.getFields()[definition.name])];
    personal ||= all.some((each) => each?.extensions['personal'] === true);
  };
  visit(document, visitWithTypeInfo(types, { Field: field }));
  return personal;
}
