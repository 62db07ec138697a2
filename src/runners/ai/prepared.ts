import { schemaFault } from '../../kernel/json-schema.ts';
import type { JsonObject } from '../../kernel/json.ts';

/**
 * A schema that was found good when the session was started. Preparing it is broken off where it takes too long, which on a
 * busy machine says nothing of it: the turn is run again later, where a refusal by the gate would end the session.
 */
export function prepared(schema: JsonObject): JsonObject {
  const fault = schemaFault(schema);
  if (fault === null) return schema;
  throw new Error(`a schema that was good when the session was started ${fault}`);
}
