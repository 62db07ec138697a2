import type { InterventionResolution } from '../generated/prisma/enums.ts';
import type { Actor } from '../identity/viewer.ts';
import { jsonBytes, MAX_JSON_BYTES } from '../kernel/bounds.ts';
import type { Json, JsonObject } from '../kernel/json.ts';
import type { Option } from './option.ts';

/** A person's answer (or the clock's), kept on the intervention exactly as it was given. */
export interface HumanResponse {
  responseType: string;
  content: string;
  selectedOption: Option | null;
  customInput: string | null;
  reasoning: string | null;
  modifications: Json;
  answer: Json;
  metadata: JsonObject;
  respondedBy: Actor;
  /** ISO instant. */
  timestamp: string;
}

export const responseOf = (intervention: { response: unknown }): HumanResponse | null =>
  intervention.response as HumanResponse | null;

/** Who answered with what: a repeat of it by the same person gets the first result again (behaviour 4.2). */
export interface Receipt {
  actorId: string;
  fingerprint: string;
  sessionResumed: boolean;
}

export const receiptOf = (intervention: { receipt: unknown }): Receipt | null =>
  intervention.receipt as Receipt | null;

/** The resolution that each response type means (behaviour 4.3). "escalate" is none: it escalates. */
export function resolutionOf(responseType: string): InterventionResolution {
  switch (responseType) {
    case 'approve':
      return 'APPROVED';
    case 'reject':
      return 'REJECTED';
    case 'modify':
      return 'MODIFIED';
    case 'select_option':
      return 'OPTION_SELECTED';
    case 'auto_continue':
      return 'AUTO_CONTINUE';
    default:
      return 'RESPONDED';
  }
}

/** Keys that an answer writes into the session's context; nobody's metadata can take their place (behaviour 3.5). */
export const ANSWER_KEYS = [
  'human_response',
  'response_type',
  'selected_option',
  'custom_input',
  'human_reasoning',
  'approval_granted',
  'approval_denied',
  'modification_requested',
  'escalation_requested',
] as const;

/**
 * The session's context once an answer is folded in (behaviour 3.5). What an earlier answer left under the reserved
 * keys goes: an old denial beside a new approval would tell the agent both. Metadata that would take the context past
 * the bound of behaviour 10.3 is left out, else each answer could add as much again; it stands in `selected_option`.
 */
export function foldResponse(
  context: JsonObject,
  response: HumanResponse,
  escalatedByHand: boolean,
): JsonObject {
  const { responseType, selectedOption } = response;
  const means = (value: string): boolean =>
    responseType === value || (responseType === 'select_option' && selectedOption?.value === value);
  const reserved: Partial<Record<(typeof ANSWER_KEYS)[number], Json>> = {
    human_response: response.content,
    response_type: responseType,
    ...(selectedOption && { selected_option: { ...selectedOption } }),
    ...(response.customInput !== null && { custom_input: response.customInput }),
    ...(response.reasoning !== null && { human_reasoning: response.reasoning }),
    ...(means('approve') && { approval_granted: true }),
    ...(means('reject') && { approval_denied: true }),
    ...(means('modify') && { modification_requested: true }),
    ...(escalatedByHand && { escalation_requested: true }),
  };
  const plain = unreserved(context);
  const metadata = unreserved(selectedOption?.metadata ?? {});
  const enriched = { ...plain, ...metadata };
  const fits = Object.keys(metadata).length === 0 || jsonBytes(enriched) <= MAX_JSON_BYTES;
  return { ...(fits ? enriched : plain), ...reserved } as JsonObject;
}

const unreserved = (object: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(object).filter(([key]) => !(ANSWER_KEYS as readonly string[]).includes(key)),
  );
