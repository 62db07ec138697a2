import { canonicalJson, type Json, sha256 } from '../kernel/json.ts';

/** What an agent wants to do, as a person is shown it. */
export interface Action {
  agentName: string;
  proposedAction: string;
  input: Json;
}

/** What consent is given to (behaviour 5.6): SHA-256, hex, of the canonical JSON (RFC 8785) of these three and no more. */
export const actionDigest = ({ agentName, proposedAction, input }: Action): string =>
  sha256(canonicalJson({ agentName, proposedAction, input }));
